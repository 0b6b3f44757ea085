"""Telling a database that is away from one that refuses, and waiting for it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Final

from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

MAX_PAUSE_SECONDS: Final = 15.0
"""What comes back is noticed within this, and what stays away makes four lines a minute."""

_AWAY_STATES: Final = ("08", "57P", "533")
"""SQLSTATE: connection exceptions; shut down or starting up; too many connections."""
_LOCKED: Final = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def is_away(error: SQLAlchemyError) -> bool:
    """Whether there is nothing to do about it but to try again later."""
    if isinstance(error, PoolTimeoutError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        return getattr(cause, "sqlite_errorcode", 0) & 0xFF in _LOCKED
    state = getattr(cause, "sqlstate", None)
    if state is None:  # it came from the connection, not from the server
        return error.connection_invalidated or type(cause).__name__ == "OperationalError"
    return str(state).startswith(_AWAY_STATES)


def reason(error: Exception) -> str:
    """What happened, on one line; further lines are SQL, hints and links."""
    return str(getattr(error, "orig", None) or error).partition("\n")[0]


def pauses(first: float = 1.0, most: float = MAX_PAUSE_SECONDS) -> Iterator[float]:
    """Seconds to wait before each try: twice as long every time, up to `most`."""
    pause = first
    while True:
        yield min(pause, most)
        pause = min(2 * pause, most)


def told(what: str, seconds: float) -> str:
    """The line about a try that failed: ``the database does not answer, trying again in 4 s``."""
    return f"the {what} does not answer, trying again in {seconds:g} s"
