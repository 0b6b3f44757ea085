"""Keeping rows and blobs consistent: no blob is deleted while a row that needs it is being added.

Whoever adds rows takes the blobs' locks shared, then makes sure that the blobs are there; whoever
deletes a blob takes its lock alone, then makes sure that no row needs it. Both hold the locks
until their transaction ends. On SQLite every writing transaction excludes all others anyway.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import exists, or_, select, text
from sqlalchemy.orm import Session

from service.db.tables import ExpressionItem, Image


def lock_shared(session: Session, addresses: Iterable[str]) -> None:
    """Hold off the deletion of these blobs until the transaction ends."""
    _lock(session, "pg_advisory_xact_lock_shared", addresses)


def lock_alone(session: Session, address: str) -> None:
    """Hold off the addition of rows that need this blob until the transaction ends."""
    _lock(session, "pg_advisory_xact_lock", [address])


def is_needed(session: Session, address: str) -> bool:
    """Whether some row still refers to the blob."""
    photos = exists().where(Image.sha256 == address, Image.erased_at.is_(None))
    drawings = exists().where(
        or_(ExpressionItem.face_sha256 == address, ExpressionItem.photo_sha256 == address)
    )
    return bool(session.scalar(select(or_(photos, drawings))))


def _lock(session: Session, function: str, addresses: Iterable[str]) -> None:
    if session.get_bind().dialect.name != "postgresql":
        session.connection()  # begins the transaction, and with it SQLite's one writer's turn
        return
    # Sorted, so that two transactions never wait for each other.
    for address in sorted(set(addresses)):
        key = int(address[:16], 16) - 2**63
        session.execute(text(f"SELECT {function}(:key)"), {"key": key})
