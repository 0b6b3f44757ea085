"""Engines and sessions.

Sessions are synchronous and used from threads: FastAPI runs plain routes in its thread pool and
the worker has no event loop, so one kind of session serves both.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection as SqliteConnection
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import Connection, make_url
from sqlalchemy.orm import Session, sessionmaker

SQLITE_BUSY_SECONDS = 30


@dataclass(frozen=True)
class Database:
    """One engine, with sessions that only read and sessions that write.

    The difference matters to SQLite: a transaction that reads first and then writes fails at once
    when another wrote in between, so writers take the lock when they begin.
    """

    engine: Engine
    readers: sessionmaker[Session]
    writers: sessionmaker[Session]

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading; whatever it changes is rolled back."""
        with self.readers() as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that commits when its block ends well and rolls back when it does not."""
        with self.writers.begin() as session:
            yield session

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def open_database(url: str) -> Database:
    """Open the database at `url` (SQLite or PostgreSQL). Nothing is created but the folder."""
    engine = _sqlite_engine(url) if url.startswith("sqlite") else _postgres_engine(url)
    return Database(
        engine=engine,
        readers=sessionmaker(engine, expire_on_commit=False),
        writers=sessionmaker(
            engine.execution_options(facsimile_writes=True), expire_on_commit=False
        ),
    )


def _postgres_engine(url: str) -> Engine:
    return create_engine(
        url, pool_pre_ping=True, pool_size=10, max_overflow=20, connect_args={"connect_timeout": 5}
    )


def _sqlite_engine(url: str) -> Engine:
    path = make_url(url).database
    if path:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url,
        pool_size=10,
        max_overflow=20,
        connect_args={"timeout": SQLITE_BUSY_SECONDS, "check_same_thread": False},
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: SqliteConnection, _record: Any) -> None:
    # None: Python emits no BEGIN of its own, `_begin_sqlite` does.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",  # readers and one writer at a time do not block each other
        "synchronous=NORMAL",  # safe with WAL against a killed process
        "foreign_keys=ON",
        f"busy_timeout={SQLITE_BUSY_SECONDS * 1000}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("facsimile_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
