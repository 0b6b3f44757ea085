"""What routes depend on: the service's parts, who calls, sessions, pages and ids."""

from __future__ import annotations

import base64
import binascii
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import Depends, Query, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from sqlalchemy.orm import Session

from service.db.ids import parse_id
from service.errors.requests import InvalidCursorError
from service.services import Services
from service.usecases import keys

_bearer = HTTPBearer(
    auto_error=False,
    description="An API key made by `facsimile keys create`. "
    "Not needed while the service listens on loopback only.",
)


def services_of(request: Request) -> Services:
    """The running service's parts."""
    services: Services = request.app.state.services
    return services


ServicesDep = Annotated[Services, Depends(services_of)]


def caller_of(
    request: Request,
    services: ServicesDep,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],
) -> uuid.UUID:
    """The id of the owner who calls.

    Raises:
        UnauthenticatedError: a key is needed, or the one given is not good.
    """
    presented = request.headers.get("authorization")
    with services.database.read() as session:
        return keys.authenticate(
            session,
            header=presented,
            key=credentials.credentials if credentials else None,
            required=services.settings.keys_required,
        )


Caller = Annotated[uuid.UUID, Depends(caller_of)]


def read_session(services: ServicesDep) -> Iterator[Session]:
    """A session for an operation that changes nothing."""
    with services.database.read() as session:
        yield session


def write_session(services: ServicesDep) -> Iterator[Session]:
    """A session that is committed when the operation ends well: the only commit of the API.

    It takes no lock before its first statement, so that work on pixels holds up nobody.
    """
    with committed(services) as session:
        yield session


@contextmanager
def committed(services: Services) -> Iterator[Session]:
    """A session that is committed when its block ends well, and its jobs sent."""
    with services.database.writers() as session:
        yield session
        services.queue.commit(session)


# Scope "function": the commit happens before the answer is sent, so a failure can still be told.
ReadSession = Annotated[Session, Depends(read_session, scope="function")]
WriteSession = Annotated[Session, Depends(write_session, scope="function")]


def cursor_of(
    cursor: Annotated[
        str | None,
        Query(max_length=100, description="`next_cursor` of the page before."),
    ] = None,
) -> uuid.UUID | None:
    """The row a page goes on behind.

    Raises:
        InvalidCursorError.
    """
    if cursor is None:
        return None
    try:
        text = base64.urlsafe_b64decode(cursor.encode("ascii", "replace")).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise InvalidCursorError("This cursor was not made by this service.") from error
    row_id = parse_id(text)
    if row_id is None:
        raise InvalidCursorError("This cursor was not made by this service.")
    return row_id


def make_cursor(row_id: uuid.UUID | None) -> str | None:
    """The opaque form of a row's id."""
    return None if row_id is None else base64.urlsafe_b64encode(str(row_id).encode()).decode()


Cursor = Annotated[uuid.UUID | None, Depends(cursor_of)]
Limit = Annotated[int, Query(ge=1, le=200, description="Rows on a page.")]
