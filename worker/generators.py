"""The generators that drawings are made with, as one worker process keeps them."""

from __future__ import annotations

import uuid

from models.checkpoint_zip import unzipped
from models.checkpoints import CheckpointError
from models.generators.base import Generator
from models.generators.registry import generator_from_checkpoint
from service.db import tables
from service.db.ids import parse_id
from worker.training_parts import need_torch
from worker.work import JobFailedError, Work


def generator_of(work: Work, name: str) -> Generator:
    """The generator of a name or an id; the last few that are learned are kept.

    Raises:
        JobFailedError: it is gone, its bytes are damaged, or this worker has no PyTorch.
    """
    row_id = parse_id(name)
    if row_id is None:
        return work.models.generator(name)
    # Asked each time: it may still be in memory here, but is not to draw any more.
    sha256 = _address(work, row_id)
    need_torch(work, "drawing with a learned generator")
    return work.models.recent.get(("generator", name), lambda: _loaded(work, sha256, name))


def _address(work: Work, row_id: uuid.UUID) -> str:
    with work.database.read() as session:
        row = session.get(tables.Generator, row_id)
        if row is None or row.checkpoint_sha256 is None:
            raise JobFailedError(
                "generator-not-found", "No such generator", "The generator was deleted."
            )
        return row.checkpoint_sha256


def _loaded(work: Work, sha256: str, name: str) -> Generator:
    try:
        return generator_from_checkpoint(unzipped(work.store.read(sha256)), name)
    except CheckpointError as error:
        raise JobFailedError(error.code, "The generator cannot be used", str(error)) from error
