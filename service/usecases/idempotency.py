"""Answering a repeated POST with the answer its first sending got.

Follows the IETF draft on the Idempotency-Key header: the same key with the same request replays
the answer, with another request it is refused. The record is part of the transaction that does
the work, so there is an answer to replay exactly when the work was done; two sendings at the same
moment meet at the record's key, and the later one waits and then replays.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from service.config import Settings
from service.db.tables import IdempotencyRecord, JsonObject
from service.db.types import now
from service.errors.requests import IdempotencyKeyReusedError


@dataclass(frozen=True)
class Reply:
    """What a POST answers, in a form that can be kept."""

    status: int
    body: JsonObject
    location: str | None = None


def replay(
    session: Session, owner_id: uuid.UUID, key: str | None, fingerprint: str
) -> Reply | None:
    """The answer this key has got already, if any.

    Raises:
        IdempotencyKeyReusedError: it was for another request.
    """
    record = None if key is None else session.get(IdempotencyRecord, (owner_id, key))
    if record is None:
        return None
    if record.fingerprint != fingerprint:
        raise IdempotencyKeyReusedError(
            "This Idempotency-Key was used for a different request; use a new one for each."
        )
    return Reply(record.status, record.body, record.location)


def once(
    session: Session,
    owner_id: uuid.UUID,
    key: str | None,
    fingerprint: str,
    work: Callable[[], Reply],
) -> Reply:
    """Do `work` and keep its answer under `key`, or replay the answer when it was done before."""
    if key is None:
        return work()
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    claimed = session.execute(
        insert(IdempotencyRecord)
        .values(
            owner_id=owner_id, key=key, fingerprint=fingerprint, status=0, body={}, created_at=now()
        )
        .on_conflict_do_nothing()
        .returning(IdempotencyRecord.key)
    ).first()
    if claimed is None:
        done = replay(session, owner_id, key, fingerprint)
        if done is not None:
            return done
    reply = work()
    record = session.get_one(IdempotencyRecord, (owner_id, key))
    record.status, record.body, record.location = reply.status, reply.body, reply.location
    session.flush()
    return reply


def forget_old(session: Session, settings: Settings) -> None:
    """Drop the records whose time is over."""
    before = now() - timedelta(hours=settings.idempotency_hours)
    session.execute(delete(IdempotencyRecord).where(IdempotencyRecord.created_at < before))
