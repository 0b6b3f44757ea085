"""Jobs run in this process, one after the other, for tests that tamper with a worker's parts."""

from __future__ import annotations

import uuid
from functools import cache

from sqlalchemy import select

from service.artifacts import ArtifactStore
from service.config import Settings
from service.db.engine import Database
from service.db.tables import Job
from service.db.types import now
from service.jobs.contracts import QUEUED
from worker.handlers import HANDLERS
from worker.runner import Runner
from worker.runtime import Models


@cache
def models() -> Models:
    """The models, loaded once for all tests."""
    return Models()


def run_all(settings: Settings, database: Database, store: ArtifactStore) -> None:
    """Run queued jobs until there are none, as a worker would that gets every message."""
    runner = Runner(settings, database, store, models(), HANDLERS)
    while (job_id := _next(database)) is not None:
        runner.run(job_id)


def _next(database: Database) -> uuid.UUID | None:
    with database.read() as session:
        query = select(Job.id).where(Job.state == QUEUED, Job.publish_after <= now())
        return session.scalars(query.order_by(Job.created_at)).first()
