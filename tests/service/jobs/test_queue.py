"""Sending after commit, on the real brokers."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from service.config import Settings, load_settings
from service.db.engine import Database
from service.db.ids import new_id
from service.db.tables import Job
from service.jobs.contracts import broker_folder
from service.jobs.queue import BrokerUnavailableError, JobQueue, enqueue
from service.usecases.keys import ensure_owner
from tests.support.backends import Backend, free_port


@pytest.fixture
def queue(migrated: Settings) -> Iterator[JobQueue]:
    variables = migrated.environment()
    own = Backend("embedded" if migrated.embedded_broker else "production", variables)
    own.flush_broker(migrated.data_dir)
    opened = JobQueue(migrated)
    yield opened
    opened.close()
    own.flush_broker(migrated.data_dir)


def unsent(database: Database) -> tuple[uuid.UUID, ...]:
    with database.read() as session:
        return tuple(session.scalars(select(Job.id)))


def new_job(owner_id: uuid.UUID) -> Job:
    return Job(owner_id=owner_id, kind="expressions", resource_id=new_id(), total=1)


def test_a_commit_sends_what_was_enqueued_and_a_rollback_nothing(
    database: Database, queue: JobQueue
) -> None:
    with database.writers() as session:
        job = new_job(ensure_owner(session, "queue"))
        session.add(job)
        session.flush()
        enqueue(session, job)
        assert queue.depth() == 0
        queue.commit(session)
        assert queue.depth() == 1
        queue.commit(session)
        assert queue.depth() == 1
    with database.writers() as session:
        job = new_job(ensure_owner(session, "queue"))
        session.add(job)
        session.flush()
        enqueue(session, job)
        session.rollback()
    assert queue.depth() == 1
    assert job.id not in unsent(database)


def test_a_broker_that_is_away_is_an_error_to_senders_but_undoes_no_commit(
    database: Database, tmp_path: Path
) -> None:
    away = JobQueue(
        load_settings(data_dir=tmp_path, broker_url=f"redis://127.0.0.1:{free_port()}/0")
    )
    with pytest.raises(BrokerUnavailableError):
        away.send([new_id()])
    with pytest.raises(BrokerUnavailableError):
        away.depth()
    with database.writers() as session:
        job = new_job(ensure_owner(session, "queue"))
        session.add(job)
        session.flush()
        enqueue(session, job)
        away.commit(session)
    assert job.id in unsent(database)
    away.close()


def test_messages_carry_an_id_and_nothing_else(settings: Settings) -> None:
    queue, job_id = JobQueue(settings), new_id()
    queue.send([job_id])
    message = next((broker_folder(settings) / "messages").glob("*.msg")).read_text()
    queue.close()
    body = json.loads(base64.b64decode(json.loads(message)["body"]))
    assert body[0] == [str(job_id)]
    assert body[1] == {}


def test_files_of_the_folder_broker_appear_whole(settings: Settings) -> None:
    queue = JobQueue(settings)
    queue.send(new_id() for _ in range(20))
    names = [path.name for path in (broker_folder(settings) / "messages").iterdir()]
    queue.close()
    assert len(names) == 20
    assert all(name.endswith(".msg") for name in names)
