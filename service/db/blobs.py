"""Keeping rows and blobs consistent: no blob is deleted while a row that needs it is being added.

Whoever adds rows takes the blobs' locks shared, then makes sure that the blobs are there; whoever
deletes a blob takes its lock alone, then makes sure that no row needs it. Both hold the locks
until their transaction ends. On SQLite every writing transaction excludes all others anyway.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, select, text
from sqlalchemy.orm import InstrumentedAttribute, Session

from service.artifacts import Artifact, ArtifactStore
from service.db.engine import Database
from service.db.tables import (
    Corpus,
    CorpusPack,
    Dataset,
    EstimateItem,
    ExpressionItem,
    Generator,
    Image,
    Job,
    Model,
    Shard,
)
from service.jobs.contracts import ENDED

_REFERENCES: Final[
    tuple[tuple[InstrumentedAttribute[Any], tuple[ColumnElement[bool], ...]], ...]
] = (
    (Image.sha256, (Image.erased_at.is_(None),)),
    (ExpressionItem.face_sha256, ()),
    (ExpressionItem.photo_sha256, ()),
    (Shard.sha256, ()),
    (Corpus.archive_sha256, ()),
    (Corpus.labels_sha256, ()),
    (Corpus.index_sha256, ()),
    (CorpusPack.sha256, ()),
    (Dataset.archive_sha256, ()),
    (Dataset.preview_sha256, ()),
    (Model.checkpoint_sha256, ()),
    (Generator.checkpoint_sha256, ()),
    (
        Generator.state_sha256,
        (Generator.job_id.in_(select(Job.id).where(Job.state.not_in(ENDED))),),
    ),
    (EstimateItem.sha256, ()),
)
"""Every column that names a blob, and when its row counts. A new one belongs in here, or the
collector takes its blobs away."""


_KINDS: Final = {
    "Image": "a photo",
    "ExpressionItem": "a drawing",
    "Shard": "a part of a dataset",
    "Corpus": "a file of a corpus",
    "CorpusPack": "a part of a corpus",
    "Dataset": "a file of a dataset",
    "Model": "a model",
    "Generator": "a generator",
    "EstimateItem": "a photo to read",
}


def lock_shared(session: Session, addresses: Iterable[str]) -> None:
    """Hold off the deletion of these blobs until the transaction ends."""
    _lock(session, "pg_advisory_xact_lock_shared", addresses)


def lock_alone(session: Session, address: str) -> None:
    """Hold off the addition of rows that need this blob until the transaction ends."""
    _lock(session, "pg_advisory_xact_lock", [address])


def is_needed(session: Session, address: str) -> bool:
    """Whether some row still refers to the blob."""
    return bool(needed(session, [address]))


def needed(session: Session, addresses: Sequence[str]) -> set[str]:
    """Those of the blobs that some row still refers to."""
    found: set[str] = set()
    for column, alive in _REFERENCES:
        query = select(column).where(column.in_(addresses), *alive)
        found.update(address for address in session.scalars(query) if address is not None)
    return found


def why_needed(session: Session, addresses: Sequence[str], owner_id: uuid.UUID) -> dict[str, str]:
    """Those of the blobs that some row still refers to, with a sentence for the owner about it."""
    reasons: dict[str, str] = {}
    for column, alive in _REFERENCES:
        query = select(column).where(column.in_(addresses), *alive)
        kind = _KINDS[column.class_.__name__]
        for address in session.scalars(query):
            reasons.setdefault(address, f"The very same bytes are {kind} that stays.")
    own = select(Image.sha256, Image.id).where(
        Image.sha256.in_(addresses), Image.owner_id == owner_id, Image.erased_at.is_(None)
    )
    for address, image_id in session.execute(own.order_by(Image.id)):
        reasons[address] = f"The very same bytes are your image {image_id}, which stays."
    return reasons


def remove_unneeded(database: Database, store: ArtifactStore, addresses: Iterable[str]) -> int:
    """Delete those of the blobs that no row refers to; returns how many.

    To be called once rows that referred to them are changed and committed: a process that dies in
    between leaves blobs that nothing refers to, never a row without its blob.
    """
    removed = 0
    for address in sorted(set(addresses)):
        with database.write() as session:
            lock_alone(session, address)
            if not is_needed(session, address):
                store.delete(address)
                removed += 1
    return removed


def keep(session: Session, store: ArtifactStore, artifacts: Iterable[Artifact]) -> None:
    """Make sure that blobs that were put are there until the transaction that refers to them ends.

    Raises:
        ArtifactMissingError: one was deleted before its lock was taken; put it again.
    """
    stored = list(artifacts)
    lock_shared(session, (artifact.sha256 for artifact in stored))
    for artifact in stored:
        store.size(artifact.sha256)


def _lock(session: Session, function: str, addresses: Iterable[str]) -> None:
    if session.get_bind().dialect.name != "postgresql":
        session.connection()  # begins the transaction, and with it SQLite's one writer's turn
        return
    # Sorted, so that two transactions never wait for each other.
    for address in sorted(set(addresses)):
        key = int(address[:16], 16) - 2**63
        session.execute(text(f"SELECT {function}(:key)"), {"key": key})
