"""What models and generators share: a job makes them, or they are uploaded; then they are there."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Final, TypeVar

from models.checkpoint_zip import unzipped, zipped
from models.checkpoints import Checkpoint, CheckpointError
from service.artifacts import ArtifactStore, address_of
from service.config import Settings
from service.db.blobs import lock_shared
from service.db.ids import new_id
from service.db.repositories import Jobs, Repository
from service.db.tables import Generator, Job, Model
from service.errors.checkpoints import (
    CHECKPOINT_PROBLEMS,
    CheckpointProblemError,
    CorruptCheckpointError,
)
from service.errors.resources import NotFoundError, ResourceExpiredError
from service.jobs.queue import enqueue
from service.usecases.images import expiry, has_expired
from service.usecases.jobs import unfinished

MAX_UNPACKED: Final = 256 * 1024 * 1024
"""Of an uploaded checkpoint, as the request's body is limited too."""
_PROBLEMS: Final[dict[str, type[CheckpointProblemError]]] = {
    problem.code: problem for problem in CHECKPOINT_PROBLEMS
}

Kept = TypeVar("Kept", Model, Generator)


def get(
    rows: Repository[Kept], row_id: uuid.UUID | None, missing: NotFoundError, what: str
) -> tuple[Kept, Job | None]:
    """A row with the job that makes it.

    Raises:
        NotFoundError: `missing`.
        ResourceExpiredError.
    """
    row = None if row_id is None else rows.get(row_id)
    if row is None:
        raise missing
    if row.erased_at is not None or has_expired(row.expires_at):
        raise ResourceExpiredError(f"This {what} has expired; make it again.")
    return row, None if row.job_id is None else rows.session.get_one(Job, row.job_id)


def insist_on_made(row: Model | Generator, job: Job | None, what: str) -> None:
    """Raise NotReadyError, JobCancelledError or JobFailedError unless it is there to be used."""
    if row.checkpoint_sha256 is None:
        raise unfinished(job, what, "made")


def start(
    rows: Repository[Kept], row: Kept, kind: str, total: int, request_id: str | None
) -> tuple[Kept, Job]:
    """Add a row and the job that makes it, which is noted to be sent after commit."""
    row.id = new_id()
    job = Jobs(rows.session, rows.owner_id).start(kind, row.id, request_id, total)
    row.job_id = job.id
    rows.add(row)
    enqueue(rows.session, job)
    return row, job


def read_upload(content: bytes, check: Callable[[Checkpoint], object]) -> Checkpoint:
    """The checkpoint in a file that was sent; no pickle is read.

    Args:
        check: raises `CheckpointError` unless every weight is there, and fits.

    Raises:
        CheckpointProblemError: see its kinds.
    """
    try:
        checkpoint = unzipped(content, MAX_UNPACKED)
        check(checkpoint)
    except CheckpointError as error:
        raise _PROBLEMS.get(error.code, CorruptCheckpointError)(str(error)) from error
    return checkpoint


def keep(
    rows: Repository[Kept],
    store: ArtifactStore,
    settings: Settings,
    checkpoint: Checkpoint,
    row: Kept,
) -> Kept:
    """Add the row of a checkpoint that `read_upload` has read, and its bytes."""
    content = zipped(checkpoint)
    lock_shared(rows.session, [address_of(content)])
    artifact = store.put(content)
    row.owner_id, row.options, row.expires_at = rows.owner_id, {}, expiry(settings)
    row.checkpoint_sha256, row.checkpoint_size = artifact.sha256, artifact.size
    return rows.add(row)
