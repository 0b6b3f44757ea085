"""Which errors say that the database is away, and how it is waited for."""

from __future__ import annotations

import itertools
import threading
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from service.db.engine import open_database
from service.db.outage import is_away, pauses, reason, told
from tests.support.backends import free_port
from worker.waiting import wait_for_database


def failure(url: str, query: str) -> SQLAlchemyError:
    database = open_database(url)
    with pytest.raises(SQLAlchemyError) as caught, database.read() as session:
        session.execute(text(query))
    database.close()
    return caught.value


def test_a_server_that_nobody_runs_is_away() -> None:
    error = failure(f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/none", "SELECT 1")
    assert is_away(error)
    assert "Connection refused" in reason(error)
    assert "\n" not in reason(error)


def test_a_mistake_in_a_query_is_not(tmp_path: Path) -> None:
    error = failure(f"sqlite:///{tmp_path / 'a.db'}", "SELECT * FROM nothing")
    assert isinstance(error, OperationalError)
    assert not is_away(error)


@pytest.mark.parametrize(
    ("cause", "away"),
    [
        (psycopg.errors.AdminShutdown(), True),
        (psycopg.errors.CannotConnectNow(), True),
        (psycopg.errors.TooManyConnections(), True),
        (psycopg.errors.ConnectionFailure(), True),
        (psycopg.OperationalError("the connection is closed"), True),
        (psycopg.errors.DiskFull(), False),
        (psycopg.errors.QueryCanceled(), False),
        (psycopg.errors.SerializationFailure(), False),
    ],
)
def test_what_postgres_says(cause: psycopg.Error, away: bool) -> None:
    assert is_away(OperationalError("SELECT 1", {}, cause)) is away


def test_what_has_no_server_behind_it() -> None:
    assert is_away(PoolTimeoutError())
    assert is_away(DBAPIError("SELECT 1", {}, psycopg.Error(), connection_invalidated=True))
    assert not is_away(IntegrityError("INSERT", {}, psycopg.errors.UniqueViolation()))
    assert not is_away(SQLAlchemyError("anything"))


def test_a_file_that_another_writes_for_too_long_is_away(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    holder, other = open_database(url), open_database(url)
    with holder.write() as session:
        session.execute(text("CREATE TABLE t (x)"))
        with other.readers() as impatient:
            impatient.execute(text("PRAGMA busy_timeout = 1"))
            with pytest.raises(OperationalError) as caught:
                impatient.execute(text("INSERT INTO t VALUES (1)"))
    assert is_away(caught.value) is ("locked" in str(caught.value))
    holder.close()
    other.close()


def test_pauses_grow_up_to_a_limit() -> None:
    assert list(itertools.islice(pauses(2, 15), 6)) == [2, 4, 8, 15, 15, 15]
    assert told("database", 4.0) == "the database does not answer, trying again in 4 s"


def test_whoever_stops_waits_no_longer(tmp_path: Path) -> None:
    database = open_database(f"postgresql+psycopg://nobody@127.0.0.1:{free_port()}/none")
    stopping = threading.Event()
    stopping.set()
    error = failure("postgresql+psycopg://nobody@127.0.0.1:1/none", "SELECT 1")
    assert wait_for_database(database, error, stopping) is False
    stopping.clear()
    there = open_database(f"sqlite:///{tmp_path / 'a.db'}")
    assert wait_for_database(there, error, stopping) is True
    database.close()
    there.close()
