"""Sessions: who sees and waits for whom."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.exc import StatementError

from service.db import schema
from service.db.engine import Database, open_database
from service.db.ids import new_id, parse_id
from service.db.tables import Owner
from service.db.totals import add_totals
from service.db.types import now


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(f"sqlite:///{tmp_path}/rows.db")
    schema.upgrade(opened)
    yield opened
    opened.close()


def test_a_writer_that_has_read_before_another_wrote_does_not_fail(sqlite: Database) -> None:
    """With a lock taken at the first write instead, this is "database is locked" at once."""
    entered, results = threading.Barrier(4), []

    def write(name: str) -> None:
        entered.wait()
        for turn in range(5):
            with sqlite.write() as session:
                session.scalars(select(Owner)).all()
                session.add(Owner(name=f"{name} {turn}"))

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(write, "abcd"))
    assert len(results) == 4
    with sqlite.read() as session:
        assert len(session.scalars(select(Owner)).all()) == 20


def test_a_reader_sees_one_moment_while_others_write(sqlite: Database) -> None:
    with sqlite.read() as reading:
        assert reading.scalars(select(Owner)).all() == []
        with sqlite.write() as session:
            session.add(Owner(name="late"))
        assert reading.scalars(select(Owner)).all() == []
    with sqlite.read() as reading:
        assert len(reading.scalars(select(Owner)).all()) == 1


def test_an_error_in_a_writing_block_undoes_it(database: Database) -> None:
    name = str(new_id())

    def write_and_fail() -> None:
        with database.write() as session:
            session.add(Owner(name=name))
            session.flush()
            raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="no"):
        write_and_fail()
    with database.read() as session:
        assert session.scalars(select(Owner).where(Owner.name == name)).all() == []


def test_times_come_back_aware_and_the_same_moment(database: Database) -> None:
    moment = datetime(2026, 11, 20, 12, tzinfo=timezone(timedelta(hours=9)))
    with database.write() as session:
        owner = Owner(name=str(new_id()), created_at=moment)
        session.add(owner)
    with database.read() as session:
        read = session.get_one(Owner, owner.id).created_at
    assert read == moment
    assert read.tzinfo == UTC


def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    with database.readers() as session:
        session.add(Owner(name=str(new_id()), created_at=datetime(2026, 1, 1)))
        with pytest.raises(StatementError, match="zone"):
            session.flush()


def test_ids_are_unique_grow_and_tell_their_time() -> None:
    before = now()
    ids = [new_id() for _ in range(1000)]
    assert len(set(ids)) == 1000
    assert {row_id.version for row_id in ids} == {7}
    assert {row_id.variant for row_id in ids} == {"specified in RFC 4122"}
    made = datetime.fromtimestamp((ids[0].int >> 80) / 1000, UTC)
    assert abs(made - before) < timedelta(seconds=5)
    times = [row_id.int >> 80 for row_id in ids]
    assert times == sorted(times)


@pytest.mark.parametrize("text", ["", "x", "1" * 32, "{019e6f1c-3c00-7b1e-a7d4-9f6c1f0a2b3c}"])
def test_only_the_canonical_form_is_an_id(text: str) -> None:
    assert parse_id(text) is None
    row_id = new_id()
    assert parse_id(str(row_id)) == row_id


def test_totals_of_many_writers_add_up(database: Database) -> None:
    label = str(new_id())

    def add(_: int) -> None:
        with database.write() as session:
            add_totals(session, "stage_seconds", {label: (2, 0.5), f"{label} other": (1, 0.0)})

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(20)))
    with database.engine.connect() as connection:
        rows = connection.exec_driver_sql(
            f"SELECT count, seconds FROM totals WHERE label = '{label}'"
        ).all()
    assert [tuple(row) for row in rows] == [(40, 10.0)]
