"""Finding work that nobody is doing any more.

A message can be lost (a broker restarts, the process dies between commit and send), and so can a
worker. The sweeper compares rows with the time and sends again; every step is one conditional
UPDATE, so any number of sweepers may run, and a message too many does no harm.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

import structlog
from sqlalchemy import or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from service.artifacts import ArtifactError
from service.config import Settings
from service.db.engine import Database
from service.db.holders import is_gone
from service.db.outage import pauses, reason, told
from service.db.shards import wake_parents
from service.db.tables import Job
from service.db.types import now
from service.errors.jobs import WorkerLostError
from service.jobs.contracts import (
    CANCELLED,
    FAILED,
    QUEUED,
    RUNNING,
    SHARD_QUEUE,
    WAITING_STAGE,
    job_error,
)
from service.jobs.queue import BrokerUnavailableError, JobQueue

BATCH: Final = 500
BACKLOG_SECONDS: Final = 60.0
"""While the broker holds messages, a waiting job is most likely among them: send it again only
after this long, then after twice as long, and so on, so that a backlog does not grow itself."""
MAX_BACKOFF_SECONDS: Final = 3600.0

log = structlog.get_logger(__name__)


class Sweeper:
    """A thread that sweeps every `sweep_seconds`, and does other `chores` now and then."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        queue: JobQueue,
        chores: Sequence[Callable[[], object]] = (),
    ) -> None:
        self._settings = settings
        self._database = database
        self._queue = queue
        self._chores = chores
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sweeper", daemon=True)

    def start(self) -> None:
        """Start sweeping."""
        self._thread.start()

    def stop(self) -> None:
        """Stop, and wait for a sweep in progress."""
        self._stopping.set()
        self._thread.join()

    def sweep(self) -> None:
        """One pass over all jobs.

        Raises:
            BrokerUnavailableError, SQLAlchemyError: the next pass tries again.
        """
        with self._database.write() as session:
            _end_leases_of_the_gone(session)
            released = self._release_dead_leases(session)
            wake_parents(session)
        for job_id in released:
            log.warning("a lease died; the job is queued again", job_id=str(job_id))
        self._send_unclaimed(self._queue.depth())

    def _run(self) -> None:
        chores_due, every = 0.0, self._settings.sweep_seconds
        pause, longer = every, pauses(every)
        while not self._stopping.wait(pause):
            try:
                self.sweep()
                if time.monotonic() >= chores_due:
                    for chore in self._chores:
                        chore()
                    chores_due = time.monotonic() + self._settings.chore_seconds
            except (BrokerUnavailableError, SQLAlchemyError, ArtifactError) as error:
                pause = next(longer)
                log.warning(told(_part(error), pause), why=reason(error))
            else:
                pause, longer = every, pauses(every)

    def _release_dead_leases(self, session: Session) -> Sequence[uuid.UUID]:
        moment = now()
        dead = (Job.state == RUNNING) & (Job.lease_expires_at < moment)
        free = {"lease_token": None, "lease_holder": None, "lease_expires_at": None}
        session.execute(
            update(Job)
            .where(or_(dead, Job.state == QUEUED), Job.cancel_requested)
            .values(state=CANCELLED, finished_at=moment, **free)
        )
        session.execute(
            update(Job)
            .where(dead, Job.attempts >= self._settings.max_attempts)
            .values(state=FAILED, finished_at=moment, error=self._lost(), **free)
        )
        return session.scalars(
            update(Job)
            .where(dead)
            .values(state=QUEUED, stage=WAITING_STAGE, publish_after=moment, publishes=0, **free)
            .returning(Job.id)
        ).all()

    def _send_unclaimed(self, depth: int) -> None:
        with self._database.write() as session:
            due = self._due(session, depth, now())
        self._queue.send(job.id for job in due if job.parent_id is None)
        self._queue.send((job.id for job in due if job.parent_id is not None), SHARD_QUEUE)

    def _due(self, session: Session, depth: int, moment: datetime) -> Sequence[Job]:
        """Mark and return the queued jobs whose message is to be sent again."""
        # With no message waiting, a job that has been queued for a whole sweep has lost its own.
        patience = self._settings.sweep_seconds if depth == 0 else BACKLOG_SECONDS
        query = (
            select(Job)
            .where(Job.state == QUEUED, Job.publish_after < moment - timedelta(seconds=patience))
            .order_by(Job.publish_after)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        )
        due = session.scalars(query).all()
        for job in due:
            backoff = min(BACKLOG_SECONDS * 2**job.publishes, MAX_BACKOFF_SECONDS)
            later = 0.0 if depth == 0 else backoff - BACKLOG_SECONDS
            job.publish_after = moment + timedelta(seconds=later)
            job.publishes += 1
        return due

    def _lost(self) -> dict[str, str]:
        return job_error(
            WorkerLostError.code,
            WorkerLostError.title,
            f"Workers died {self._settings.max_attempts} times in a row on this job "
            "without getting any further; what was finished before is kept.",
        )


def _part(error: Exception) -> str:
    if isinstance(error, BrokerUnavailableError):
        return "broker"
    return "store" if isinstance(error, ArtifactError) else "database"


def _end_leases_of_the_gone(session: Session) -> None:
    """End the leases of processes of this machine that are no more, without waiting for them."""
    query = select(Job.lease_holder).where(Job.state == RUNNING, Job.lease_holder.is_not(None))
    holders = session.scalars(query.distinct())
    gone = [holder for holder in holders if holder is not None and is_gone(holder)]
    if gone:
        past = now() - timedelta(seconds=1)
        held = (Job.state == RUNNING) & Job.lease_holder.in_(gone)
        session.execute(update(Job).where(held).values(lease_expires_at=past))


def release_all(session: Session) -> None:
    """Queue every running job again: for a service that knows that no worker is left."""
    session.execute(
        update(Job)
        .where(Job.state == RUNNING)
        .values(
            state=QUEUED,
            stage=WAITING_STAGE,
            publish_after=now(),
            lease_token=None,
            lease_holder=None,
            lease_expires_at=None,
        )
    )
