"""What a handler is given: the job, the parts it may use, and how it reports."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from service.artifacts import ArtifactStore
from service.config import Settings
from service.db.engine import Database
from service.db.tables import Job
from service.db.totals import ITEMS_DONE, STAGE_SECONDS, add_totals
from service.jobs.contracts import QUEUED
from worker.lease import Lease
from worker.runtime import Models
from worker.timings import Timings


class YieldRequestedError(Exception):
    """The job is to go back into the queue, and on from where it is later."""


class ShardsPendingError(Exception):
    """The job is parked; it is queued again when its shards have ended."""


class JobFailedError(Exception):
    """The job cannot be done, however often it is tried. `code` names the problem for good."""

    def __init__(self, code: str, title: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.title = title
        self.detail = detail


@dataclass(frozen=True)
class JobRow:
    """What a handler needs to know of its job."""

    id: uuid.UUID
    kind: str
    resource_id: uuid.UUID
    owner_id: uuid.UUID
    total: int
    attempts: int
    request_id: str | None
    parent_id: uuid.UUID | None = None


@dataclass(frozen=True)
class Work:
    """One claimed job. `stopping` says whether this process is to end soon;
    `send` sends jobs to a queue once their rows are committed."""

    job: JobRow
    settings: Settings
    database: Database
    store: ArtifactStore
    models: Models
    lease: Lease
    stopping: Callable[[], bool]
    send: Callable[[Sequence[uuid.UUID], str], None]
    timings: Timings = field(default_factory=Timings)
    started: float = field(default_factory=time.monotonic)

    def stage(self, name: str) -> None:
        """Say what is being done.

        Raises:
            LeaseLostError.
        """
        with self.database.write() as session:
            self.lease.update(session, stage=name)

    def advance(self, session: Session, done: int, finished: int) -> None:
        """Note, in the transaction that adds `finished` items, that `done` are there now.

        Raises:
            LeaseLostError: the transaction is to be rolled back.
        """
        self.lease.update(session, done=done, attempts=0)
        add_totals(session, ITEMS_DONE, {self.job.kind: (finished, 0.0)})
        add_totals(session, STAGE_SECONDS, self.timings.take())

    def check(self) -> None:
        """To be called between two steps.

        Raises:
            LeaseLostError, CancelRequestedError: stop.
            YieldRequestedError: let others go first.
        """
        self.lease.check()
        if self.stopping():
            raise YieldRequestedError
        if time.monotonic() - self.started > self.settings.slice_seconds and self.others_wait():
            raise YieldRequestedError

    def others_wait(self) -> bool:
        """Whether there are jobs that nobody works on."""
        with self.database.read() as session:
            return bool(session.scalar(select(exists().where(Job.state == QUEUED))))


class Handler(Protocol):
    """Does one kind of job: everything that is not there yet, then returns."""

    def __call__(self, work: Work) -> None:
        """Do the work.

        Raises:
            JobFailedError: it cannot be done.
            LeaseLostError, CancelRequestedError, YieldRequestedError: from `Work`.
        """
        ...
