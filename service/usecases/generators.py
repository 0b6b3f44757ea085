"""Generators: those that ship, and those that owners have trained or uploaded."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy.orm import Session

from models.checkpoints import Checkpoint
from models.facs import (
    Target,
    targets_array,
)
from models.generators import config as configs
from models.generators.config import GeneratorConfig
from models.generators.shapes import check_tensors
from service.artifacts import ArtifactStore
from service.config import Settings
from service.db.ids import parse_id
from service.db.repositories import Generators, Page
from service.db.tables import Generator, Job
from service.errors.generators import (
    GeneratorNotFoundError,
    ShippedGeneratorError,
    UndrawableTargetError,
    UnknownGeneratorError,
)
from service.errors.requests import InvalidRequestError
from service.jobs.contracts import GENERATORS
from service.usecases import trained
from service.usecases.jobs import page_with_jobs
from service.usecases.traces import Erased, erase_trained


def get(session: Session, owner_id: uuid.UUID, generator_id: str) -> tuple[Generator, Job | None]:
    """A generator of the owner's with the job that makes it.

    Raises:
        GeneratorNotFoundError, ResourceExpiredError.
    """
    missing = GeneratorNotFoundError(
        "You have no generator with this id, and none of this name ships; these do: "
        f"{', '.join(GENERATORS)}."
    )
    row_id = parse_id(generator_id)
    return trained.get(Generators(session, owner_id), row_id, missing, "generator")


def made(session: Session, owner_id: uuid.UUID, generator_id: str) -> Generator:
    """A generator of the owner's that is there to be used.

    Raises:
        ShippedGeneratorError: it is not the owner's.
        GeneratorNotFoundError, ResourceExpiredError.
        NotReadyError, JobCancelledError, JobFailedError: it is not, or never will be.
    """
    _refuse_shipped(generator_id, "whoever has Facsimile has it")
    row, job = get(session, owner_id, generator_id)
    trained.insist_on_made(row, job, "generator")
    return row


def usable(session: Session, owner_id: uuid.UUID, name: str) -> Generator | None:
    """The generator that a request names; None for one that ships.

    Raises:
        UnknownGeneratorError: it is no id, and none that ships has this name.
        As `made`: it is an id.
    """
    if name in GENERATORS:
        return None
    if parse_id(name) is None:
        raise UnknownGeneratorError(
            f"There is no generator named {name!r}; use one of: {', '.join(GENERATORS)}, or the "
            "id of one of yours.",
            available=list(GENERATORS),
        )
    return made(session, owner_id, name)


def check_drawable(row: Generator | None, registration: str, targets: Sequence[Target]) -> None:
    """Make sure that what `usable` gave draws such faces with all of these targets.

    Raises:
        UndrawableTargetError, InvalidRequestError.
    """
    if row is None:
        return
    config = GeneratorConfig.parse(row.config or {})
    if registration != config.registration:
        raise InvalidRequestError(
            f"This generator draws faces of registration {config.registration}.",
            pointer="/registration",
        )
    try:
        configs.check_targets(config, targets_array(targets))
    except configs.UndrawableTargetError as error:
        raise UndrawableTargetError(
            str(error), pointer="/targets", available=list(config.aus)
        ) from error


def page(
    session: Session, owner_id: uuid.UUID, limit: int, before: uuid.UUID | None
) -> tuple[Page[Generator], dict[uuid.UUID, Job]]:
    """An owner's generators, newest first, and their jobs by id."""
    return page_with_jobs(Generators(session, owner_id), limit, before)


def read_upload(content: bytes) -> Checkpoint:
    """The checkpoint in a file that was sent; no pickle is read.

    Raises:
        CheckpointProblemError: see its kinds.
    """
    return trained.read_upload(content, check_tensors)


def upload(
    session: Session,
    store: ArtifactStore,
    settings: Settings,
    owner_id: uuid.UUID,
    checkpoint: Checkpoint,
    name: str | None,
) -> Generator:
    """Keep a checkpoint that `read_upload` has read."""
    config = GeneratorConfig.parse(checkpoint.config)
    row = Generator(
        name=name or f"uploaded {config.kind}", kind=config.kind, config=config.as_json()
    )
    return trained.keep(Generators(session, owner_id), store, settings, checkpoint, row)


def delete(session: Session, owner_id: uuid.UUID, generator_id: str) -> set[str]:
    """Take a generator away with its job; the blobs it referred to.

    Raises:
        ShippedGeneratorError: it ships.
        GeneratorNotFoundError, ResourceExpiredError.
    """
    _refuse_shipped(generator_id, "it stays")
    row, _ = get(session, owner_id, generator_id)
    erased = Erased()
    erase_trained(session, row, erased)
    return erased.addresses


def _refuse_shipped(generator_id: str, why: str) -> None:
    if generator_id in GENERATORS:
        raise ShippedGeneratorError(f"{generator_id} ships with Facsimile: {why}.")
