"""Leases: one holder at a time, whatever happens to it."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from service.db.engine import Database
from service.db.ids import new_id
from service.db.tables import Job
from service.db.types import now
from service.usecases.keys import ensure_owner
from tests.support.running import eventually
from worker.lease import CancelRequestedError, Lease, LeaseLostError


def new_job(database: Database, **values: Any) -> uuid.UUID:
    with database.write() as session:
        job = Job(
            owner_id=ensure_owner(session, "leases"),
            kind="expressions",
            resource_id=new_id(),
            total=10,
            **values,
        )
        session.add(job)
        session.flush()
        return job.id


def row(database: Database, job_id: uuid.UUID) -> Job:
    with database.read() as session:
        return session.get_one(Job, job_id)


def lease(database: Database, job_id: uuid.UUID, seconds: float = 30.0) -> Lease:
    return Lease(database, job_id, "somebody", seconds)


def let_die(database: Database, job_id: uuid.UUID) -> None:
    """What the passing of time does to a lease that nobody renews."""
    with database.write() as session:
        past = now() - timedelta(seconds=1)
        session.execute(update(Job).where(Job.id == job_id).values(lease_expires_at=past))


def test_of_many_who_claim_one_gets_the_job(database: Database) -> None:
    job_id = new_job(database)
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda _: lease(database, job_id).claim(), range(8)))
    assert sum(got) == 1
    claimed = row(database, job_id)
    assert (claimed.state, claimed.attempts, claimed.lease_holder) == ("running", 1, "somebody")


@pytest.mark.parametrize("state", ["succeeded", "failed", "cancelled"])
def test_a_job_that_has_ended_is_not_claimed(database: Database, state: str) -> None:
    assert not lease(database, new_job(database, state=state)).claim()


def test_a_job_that_is_to_be_cancelled_is_not_claimed(database: Database) -> None:
    assert not lease(database, new_job(database, cancel_requested=True)).claim()


def test_a_job_that_does_not_exist_is_not_claimed(database: Database) -> None:
    assert not lease(database, new_id()).claim()


def test_a_dead_lease_is_taken_over_and_its_holder_can_change_nothing(database: Database) -> None:
    job_id = new_job(database)
    first, second = lease(database, job_id), lease(database, job_id)
    assert first.claim()
    assert not second.claim()
    let_die(database, job_id)
    assert second.claim()
    with pytest.raises(LeaseLostError), database.write() as session:
        first.update(session, done=5)
    with pytest.raises(LeaseLostError):
        first.check()
    with pytest.raises(LeaseLostError), database.write() as session:
        first.end(session, "failed")
    with database.write() as session:
        second.update(session, done=3)
    held = row(database, job_id)
    assert (held.state, held.done, held.attempts) == ("running", 3, 2)


def test_what_is_written_with_a_lost_lease_is_undone_with_it(database: Database) -> None:
    job_id = new_job(database)
    first = lease(database, job_id)
    assert first.claim()
    let_die(database, job_id)
    assert lease(database, job_id).claim()

    def write_late() -> None:
        with database.write() as session:
            session.execute(update(Job).where(Job.id == job_id).values(stage="by the first"))
            first.update(session, done=5)

    with pytest.raises(LeaseLostError):
        write_late()
    assert row(database, job_id).stage == "waiting"


def test_the_heartbeat_keeps_a_lease_alive(database: Database) -> None:
    job_id = new_job(database)
    held = lease(database, job_id, seconds=0.3)
    assert held.claim()
    before = row(database, job_id).lease_expires_at
    assert before is not None
    with held:
        eventually(
            lambda: (row(database, job_id).lease_expires_at or before) > before, "a heartbeat"
        )
        held.check()


def test_the_heartbeat_sees_a_cancellation(database: Database) -> None:
    job_id = new_job(database)
    held = lease(database, job_id, seconds=0.3)
    assert held.claim()
    with held:
        with database.write() as session:
            session.execute(update(Job).where(Job.id == job_id).values(cancel_requested=True))

        def noticed() -> bool:
            try:
                held.check()
            except CancelRequestedError:
                return True
            return False

        eventually(noticed, "the holder to notice")


def test_a_job_that_is_to_be_cancelled_is_not_queued_again(database: Database) -> None:
    job_id = new_job(database)
    held = lease(database, job_id)
    assert held.claim()
    with database.write() as session:
        session.execute(update(Job).where(Job.id == job_id).values(cancel_requested=True))
    with pytest.raises(CancelRequestedError), database.write() as session:
        held.release(session)
    assert row(database, job_id).state == "running"  # and still held, to be ended
    with database.write() as session:
        held.end(session, "cancelled")
    assert row(database, job_id).state == "cancelled"


def test_a_released_job_is_queued_and_claimed_again(database: Database) -> None:
    job_id = new_job(database)
    first = lease(database, job_id)
    assert first.claim()
    with database.write() as session:
        first.release(session, attempts=0)
    free = row(database, job_id)
    assert (free.state, free.stage, free.lease_token, free.attempts) == (
        "queued",
        "waiting",
        None,
        0,
    )
    assert lease(database, job_id).claim()
