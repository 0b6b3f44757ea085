"""API keys: making, listing, revoking, and telling who calls."""

from __future__ import annotations

import hashlib
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from service.db.ids import new_id
from service.db.tables import ApiKey, Owner
from service.db.types import now
from service.errors.requests import UnauthenticatedError

LOCAL_OWNER: Final = "local"
"""Owns what is made without a key, which is possible on loopback only."""

_SCHEME: Final = "fx"


class NoSuchKeyError(LookupError):
    """No key has this prefix."""


@dataclass(frozen=True)
class KeyInfo:
    """What may be shown of a key. `prefix` names it; the rest of it is not kept anywhere."""

    prefix: str
    owner: str
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True)
class NewKey:
    """A key just made. `secret` is shown this once: only its SHA-256 is stored."""

    secret: str
    info: KeyInfo


def create_key(session: Session, owner: str) -> NewKey:
    """Make a key for the owner of this name, who is made too when unknown.

    256 random bits need no slow hash: they cannot be guessed from their SHA-256.
    """
    owner_id = ensure_owner(session, owner)
    prefix = f"{_SCHEME}_{secrets.token_hex(4)}"
    secret = f"{prefix}_{secrets.token_urlsafe(32)}"
    row = ApiKey(owner_id=owner_id, prefix=prefix, digest=_digest(secret))
    session.add(row)
    session.flush()
    return NewKey(secret, KeyInfo(prefix, owner, row.created_at, None))


def list_keys(session: Session) -> Sequence[KeyInfo]:
    """Every key, revoked ones included, oldest first."""
    query = select(ApiKey, Owner.name).join(Owner, Owner.id == ApiKey.owner_id).order_by(ApiKey.id)
    return [
        KeyInfo(key.prefix, name, key.created_at, key.revoked_at)
        for key, name in session.execute(query)
    ]


def revoke_key(session: Session, prefix: str) -> KeyInfo:
    """Make a key useless from now on; what its owner has made stays.

    Raises:
        NoSuchKeyError.
    """
    key = session.scalars(select(ApiKey).where(ApiKey.prefix == prefix)).one_or_none()
    if key is None:
        raise NoSuchKeyError(f"no key has the prefix {prefix}; see `facsimile keys list`")
    if key.revoked_at is None:
        key.revoked_at = now()
        session.flush()
    owner = session.get_one(Owner, key.owner_id)
    return KeyInfo(key.prefix, owner.name, key.created_at, key.revoked_at)


def authenticate(
    session: Session, *, header: str | None, key: str | None, required: bool
) -> uuid.UUID:
    """The owner a request belongs to. `header` is Authorization as sent, `key` its bearer token.

    Raises:
        UnauthenticatedError: no key where one is needed, or one that is unknown or revoked.
    """
    if header is None and not required:
        return ensured_owner(session, LOCAL_OWNER)
    if key is None:
        raise UnauthenticatedError("Send an API key: `Authorization: Bearer fx_…`.")
    row = session.scalars(select(ApiKey).where(ApiKey.digest == _digest(key))).one_or_none()
    if row is None:
        raise UnauthenticatedError("This API key is not known here.")
    if row.revoked_at is not None:
        raise UnauthenticatedError("This API key has been revoked.")
    return row.owner_id


def ensure_owner(session: Session, name: str) -> uuid.UUID:
    """The id of the owner of this name, made when missing. For sessions that write."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(
        insert(Owner)
        .values(id=new_id(), name=name, created_at=now())
        .on_conflict_do_nothing(index_elements=[Owner.name])
    )
    return ensured_owner(session, name)


def ensured_owner(session: Session, name: str) -> uuid.UUID:
    """The id of an owner who is known to exist."""
    return session.scalars(select(Owner.id).where(Owner.name == name)).one()


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
