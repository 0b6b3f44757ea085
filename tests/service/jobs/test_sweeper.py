"""The sweeper: what it sends again, what it lets fail, and what it leaves alone."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from service.config import Settings
from service.db.engine import Database
from service.db.holders import holder_name, this_machine
from service.db.ids import new_id
from service.db.tables import Job
from service.db.types import now
from service.jobs.contracts import QUEUE
from service.jobs.queue import BrokerUnavailableError, JobQueue
from service.jobs.sweeper import Sweeper, release_all
from service.usecases.keys import ensure_owner


class Recorder(JobQueue):
    """The real queue, which notes what was sent. `held` messages are said to wait."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.sent: list[uuid.UUID] = []
        self.held = 0
        self.away = False

    def send(self, job_ids: Iterable[uuid.UUID], queue: str = QUEUE) -> None:
        if self.away:
            raise BrokerUnavailableError("away")
        self.sent += job_ids

    def depth(self) -> int:
        return self.held


@pytest.fixture
def queue(migrated: Settings) -> Iterator[Recorder]:
    recorder = Recorder(migrated)
    yield recorder
    recorder.close()


@pytest.fixture
def sweeper(migrated: Settings, database: Database, queue: Recorder) -> Sweeper:
    with database.write() as session:
        session.execute(update(Job).values(state="failed"))  # what other tests have left
    return Sweeper(migrated, database, queue)


def ago(seconds: float) -> datetime:
    return now() - timedelta(seconds=seconds)


def new_job(database: Database, **values: Any) -> uuid.UUID:
    with database.write() as session:
        owner_id = ensure_owner(session, "sweeper")
        job = Job(owner_id=owner_id, kind="expressions", resource_id=new_id(), total=1, **values)
        session.add(job)
        session.flush()
        return job.id


def row(database: Database, job_id: uuid.UUID) -> Job:
    with database.read() as session:
        return session.get_one(Job, job_id)


def test_a_lost_message_is_sent_again_once(
    sweeper: Sweeper, database: Database, queue: Recorder
) -> None:
    job_id = new_job(database, publish_after=ago(5))
    sweeper.sweep()
    assert queue.sent == [job_id]
    queue.held = 1
    sweeper.sweep()
    assert queue.sent == [job_id]


def test_a_message_that_may_yet_be_on_its_way_is_not_sent_again(
    sweeper: Sweeper, database: Database, queue: Recorder
) -> None:
    new_job(database, publish_after=now() + timedelta(seconds=5))
    sweeper.sweep()
    assert queue.sent == []


def test_in_a_backlog_messages_are_sent_again_more_and_more_rarely(
    sweeper: Sweeper, database: Database, queue: Recorder
) -> None:
    queue.held = 1000
    job_id = new_job(database, publish_after=ago(30))
    sweeper.sweep()
    assert queue.sent == []
    with database.write() as session:
        session.execute(update(Job).where(Job.id == job_id).values(publish_after=ago(61)))
    sweeper.sweep()
    sweeper.sweep()
    assert queue.sent == [job_id]
    with database.write() as session:
        job = session.get_one(Job, job_id)
        first_wait = job.publish_after - now() + timedelta(seconds=60)
        job.publish_after = ago(61)
    sweeper.sweep()
    second_wait = row(database, job_id).publish_after - now() + timedelta(seconds=60)
    assert second_wait > 1.5 * first_wait


def test_a_dead_lease_is_released_and_the_job_sent(
    sweeper: Sweeper, database: Database, queue: Recorder
) -> None:
    dead = {"state": "running", "lease_token": new_id(), "lease_expires_at": ago(1)}
    job_id = new_job(database, attempts=1, publish_after=ago(60), **dead)
    sweeper.sweep()
    released = row(database, job_id)
    assert (released.state, released.stage, released.lease_token) == ("queued", "waiting", None)
    assert released.attempts == 1
    queue.held = 0
    with database.write() as session:
        session.execute(update(Job).where(Job.id == job_id).values(publish_after=ago(1)))
    sweeper.sweep()
    assert job_id in queue.sent


def test_a_lease_whose_holder_is_gone_is_not_waited_for(
    sweeper: Sweeper, database: Database
) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    lasting: dict[str, Any] = {
        "state": "running",
        "lease_token": new_id(),
        "lease_expires_at": now() + timedelta(seconds=3600),
    }
    gone = new_job(database, lease_holder=f"{this_machine()}:{ended.pid}", **lasting)
    here = new_job(database, lease_holder=holder_name(), **lasting)
    elsewhere = new_job(database, lease_holder=f"elsewhere:{ended.pid}", **lasting)
    sweeper.sweep()
    assert row(database, gone).state == "queued"
    assert row(database, here).state == "running"
    assert row(database, elsewhere).state == "running"


def test_a_live_lease_is_left_alone(sweeper: Sweeper, database: Database, queue: Recorder) -> None:
    token = new_id()
    job_id = new_job(
        database,
        state="running",
        lease_token=token,
        lease_expires_at=now() + timedelta(seconds=30),
        publish_after=ago(500),
    )
    sweeper.sweep()
    assert (row(database, job_id).state, row(database, job_id).lease_token) == ("running", token)
    assert queue.sent == []


def test_a_job_that_kills_every_worker_fails_and_says_so(
    sweeper: Sweeper, database: Database, queue: Recorder, migrated: Settings
) -> None:
    job_id = new_job(
        database,
        state="running",
        attempts=migrated.max_attempts,
        lease_token=new_id(),
        lease_expires_at=ago(1),
        done=0,
    )
    sweeper.sweep()
    failed = row(database, job_id)
    assert failed.state == "failed"
    assert failed.error is not None
    assert failed.error["type"] == "/problems/worker-lost"
    assert str(migrated.max_attempts) in failed.error["detail"]
    assert failed.finished_at is not None
    assert queue.sent == []


def test_a_job_to_be_cancelled_whose_worker_died_is_cancelled(
    sweeper: Sweeper, database: Database
) -> None:
    job_id = new_job(database, state="running", cancel_requested=True, lease_expires_at=ago(1))
    sweeper.sweep()
    assert row(database, job_id).state == "cancelled"


def test_a_broker_that_is_away_puts_the_sweep_off_and_no_job_is_forgotten(
    sweeper: Sweeper, database: Database, queue: Recorder
) -> None:
    job_id = new_job(database, publish_after=ago(5))
    queue.away = True
    with pytest.raises(BrokerUnavailableError):
        sweeper.sweep()
    queue.away = False
    with database.write() as session:
        session.execute(update(Job).where(Job.id == job_id).values(publish_after=ago(1)))
    sweeper.sweep()
    assert queue.sent == [job_id]


def test_a_service_that_starts_alone_queues_what_was_running(
    sweeper: Sweeper, database: Database
) -> None:
    job_id = new_job(
        database, state="running", lease_expires_at=now() + timedelta(seconds=60), done=3
    )
    with database.write() as session:
        release_all(session)
    released = row(database, job_id)
    assert (released.state, released.done, released.lease_token) == ("queued", 3, None)
