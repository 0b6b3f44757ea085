"""Shards: the last one, and only it, wakes the larger job, however they end."""

from __future__ import annotations

import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import update

from service.artifacts import ArtifactStore
from service.config import Settings
from service.db.engine import Database
from service.db.ids import new_id
from service.db.shards import shards_of, wake_parents
from service.db.tables import Job
from service.db.types import now
from service.errors.jobs import JobNotFoundError
from service.jobs.contracts import DATASET, DATASET_SHARD, RUNNING
from service.jobs.queue import JobQueue
from service.jobs.sweeper import Sweeper
from service.usecases import jobs
from service.usecases.keys import LOCAL_OWNER, ensure_owner
from tests.support.inline import models
from worker.runner import Runner
from worker.shards import fan_out, finish, finished_shards, stretch, stretches
from worker.work import JobFailedError, Work

TOTAL = 24


class Bench:
    """A larger job of 24 items in shards of two, whose handlers only count."""

    def __init__(self, settings: Settings, database: Database, store: ArtifactStore) -> None:
        self.database = database
        self.assembled: list[list[int]] = []
        self.ran: Counter[int] = Counter()
        self.failing: set[int] = set()
        self.sent: list[uuid.UUID] = []
        self.runner = Runner(
            settings,
            database,
            store,
            models(),
            {DATASET: self.whole, DATASET_SHARD: self.part},
            send=lambda ids, _queue: self.sent.extend(ids),
        )
        with database.write() as session:
            owner = ensure_owner(session, LOCAL_OWNER)
            job = Job(id=new_id(), owner_id=owner, kind=DATASET, resource_id=new_id())
            session.add(job)
        self.job_id, self.owner_id = job.id, owner

    def whole(self, work: Work) -> None:
        parts = finished_shards(work, "drawing")
        if parts is None:
            fan_out(work, DATASET_SHARD, stretches(TOTAL, 2), "drawing", lambda _: None)
        self.assembled.append([part.result["sum"] for part in parts])

    def part(self, work: Work) -> None:
        mine = stretch(work)
        self.ran[mine.number] += 1
        if mine.number in self.failing:
            raise JobFailedError("no-face", "No face was found", f"Shard {mine.number} is wrong.")
        finish(work, None, {"sum": mine.start + mine.stop})

    def job(self) -> Job:
        with self.database.read() as session:
            return session.get_one(Job, self.job_id)

    def shards(self) -> list[Job]:
        with self.database.read() as session:
            return [job for _, job in shards_of(session, self.job_id)]


@pytest.fixture
def bench(migrated: Settings, database: Database, store: ArtifactStore) -> Bench:
    made = Bench(migrated, database, store)
    assert made.runner.run(made.job_id) is False
    return made


def test_a_parked_job_occupies_nobody_and_nobody_can_have_it(bench: Bench) -> None:
    job = bench.job()
    assert (job.state, job.stage, job.total, job.lease_token) == (RUNNING, "drawing", TOTAL, None)
    assert sorted(bench.sent) == sorted(shard.id for shard in bench.shards())
    assert bench.runner.run(bench.job_id) is False
    assert bench.assembled == []


def test_the_last_of_many_at_the_same_time_wakes_the_job_once(bench: Bench) -> None:
    ids, bench.sent = bench.sent * 2, []  # every message twice
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(bench.runner.run, ids))
    assert bench.sent == [bench.job_id]
    assert bench.ran == Counter(dict.fromkeys(range(TOTAL // 2), 1))
    assert bench.job().done == TOTAL
    bench.runner.run(bench.job_id)
    bench.runner.run(bench.job_id)
    assert bench.assembled == [[start + stop for start, stop in stretches(TOTAL, 2)]]
    assert bench.job().state == "succeeded"


def test_a_shard_that_fails_fails_the_job_and_stops_the_others(bench: Bench) -> None:
    bench.failing.add(1)
    first, second = bench.sent[:2]
    bench.runner.run(first)
    bench.runner.run(second)
    bench.runner.run(bench.job_id)
    job = bench.job()
    assert job.state == "failed"
    assert job.error is not None
    assert (job.error["type"], job.error["detail"]) == ("/problems/no-face", "Shard 1 is wrong.")
    assert {shard.state for shard in bench.shards()} == {"succeeded", "failed", "cancelled"}
    assert bench.assembled == []


def test_a_shard_whose_workers_keep_dying_fails_the_job(
    bench: Bench, migrated: Settings, database: Database
) -> None:
    with database.write() as session:
        session.execute(
            update(Job)
            .where(Job.id == bench.sent[0])
            .values(
                state=RUNNING,
                lease_token=new_id(),
                lease_expires_at=now() - timedelta(seconds=1),
                attempts=migrated.max_attempts,
            )
        )
    queue = JobQueue(migrated)
    try:
        Sweeper(migrated, database, queue).sweep()
    finally:
        queue.close()
    bench.runner.run(bench.job_id)
    job = bench.job()
    assert job.state == "failed"
    assert job.error is not None
    assert job.error["type"] == "/problems/worker-lost"


def test_a_wake_up_that_was_lost_is_made_good(bench: Bench, database: Database) -> None:
    for job_id in list(bench.sent):
        bench.runner.run(job_id)
    with database.write() as session:  # as if the last shard had not seen the job
        session.execute(update(Job).where(Job.id == bench.job_id).values(state=RUNNING))
    with database.write() as session:
        assert wake_parents(session) == [bench.job_id]
        assert wake_parents(session) == []
    bench.runner.run(bench.job_id)
    assert len(bench.assembled) == 1


def test_cancelling_stops_the_job_and_every_shard(bench: Bench, database: Database) -> None:
    bench.runner.run(bench.sent[0])
    with database.write() as session:
        assert jobs.cancel(session, bench.owner_id, bench.job_id).state == "cancelled"
    for job_id in bench.sent:
        bench.runner.run(job_id)
    assert sum(bench.ran.values()) == 1
    assert bench.job().state == "cancelled"


def test_a_shard_left_over_by_a_job_that_ended_does_nothing(
    bench: Bench, database: Database
) -> None:
    with database.write() as session:  # cancelled while its shards were being added
        session.execute(update(Job).where(Job.id == bench.job_id).values(state="cancelled"))
    bench.runner.run(bench.sent[0])
    assert sum(bench.ran.values()) == 0
    with database.read() as session:
        assert session.get_one(Job, bench.sent[0]).state == "cancelled"


def test_shards_are_not_jobs_that_people_see(bench: Bench, database: Database) -> None:
    with database.read() as session:
        page = jobs.page(session, bench.owner_id, 200, None)
        assert bench.job_id in [job.id for job in page.rows]
        assert not {job.id for job in page.rows} & set(bench.sent)
        with pytest.raises(JobNotFoundError):
            jobs.get(session, bench.owner_id, bench.sent[0])
