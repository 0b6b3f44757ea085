"""Running one job from claim to end, whatever its kind."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError

from service.artifacts import ArtifactStore, StoreFullError
from service.config import Settings
from service.db.engine import Database
from service.db.holders import holder_name
from service.db.outage import is_away
from service.db.shards import shard_ended
from service.db.tables import Job
from service.db.types import now
from service.jobs.contracts import CANCELLED, FAILED, FINISHED_STAGE, QUEUE, SUCCEEDED, job_error
from worker.lease import CancelRequestedError, Lease, LeaseLostError
from worker.runtime import Models
from worker.threads import share_cores
from worker.waiting import wait_for_database
from worker.work import (
    Handler,
    JobFailedError,
    JobRow,
    ShardsPendingError,
    Work,
    YieldRequestedError,
)

RETRY_SECONDS: Final = 1.0

log = structlog.get_logger(__name__)


def _left_to_the_sweeper(_job_ids: Sequence[uuid.UUID], _queue: str) -> None:
    """Send nothing: jobs that nobody sent are found by the sweeper."""


@dataclass(frozen=True)
class Runner:
    """Runs jobs in this process, one at a time."""

    settings: Settings
    database: Database
    store: ArtifactStore
    models: Models
    handlers: Mapping[str, Handler]
    stopping: threading.Event = field(default_factory=threading.Event)
    send: Callable[[Sequence[uuid.UUID], str], None] = _left_to_the_sweeper

    def run(self, job_id: uuid.UUID) -> bool:
        """Claim and run a job. True when it is to be sent again at once, to be gone on with."""
        lease = Lease(self.database, job_id, holder_name(), self.settings.lease_seconds)
        try:
            return self._run(job_id, lease)
        except SQLAlchemyError as error:
            if not is_away(error):
                raise
            return self._outlast(error, lease)

    def _outlast(self, error: SQLAlchemyError, lease: Lease) -> bool:
        """Wait for the database and give the job back; True when it is to be sent again."""
        while wait_for_database(self.database, error, self.stopping):
            try:
                with self.database.write() as session:
                    lease.release(session)
            except (LeaseLostError, CancelRequestedError):
                return False  # somebody else has it, or the sweeper ends it
            except SQLAlchemyError as again:
                if not is_away(again):
                    raise
                error = again
            else:
                return True
        return False

    def _run(self, job_id: uuid.UUID, lease: Lease) -> bool:
        if not lease.claim():
            log.info("nothing to do: the job has ended or somebody else has it")
            return False
        with lease:
            row = self._load(job_id)
            structlog.contextvars.bind_contextvars(kind=row.kind, request_id=row.request_id)
            work = Work(
                row,
                self.settings,
                self.database,
                self.store,
                self.models,
                lease,
                self.stopping.is_set,
                self.send,
            )
            log.info("started", total=row.total, attempt=row.attempts)
            try:
                return self._attempt(work)
            except LeaseLostError:
                log.warning("stopped: the lease is lost")
                return False

    def _load(self, job_id: uuid.UUID) -> JobRow:
        with self.database.write() as session:
            job = session.get_one(Job, job_id)
            job.started_at = job.started_at or now()
            return JobRow(
                job.id,
                job.kind,
                job.resource_id,
                job.owner_id,
                job.total,
                job.attempts,
                job.request_id,
                job.parent_id,
            )

    def _attempt(self, work: Work) -> bool:
        """One attempt; True when the job yielded and is to be sent again."""
        try:
            handler = self.handlers[work.job.kind]
            # Now, as loading the handler may have brought in another library with threads.
            share_cores(self.settings.worker_concurrency)
            handler(work)
        except CancelRequestedError:
            self._end(work, CANCELLED)
        except YieldRequestedError:
            if self._queued_again(work, attempts=0):
                log.info("yielded")
                return True
        except ShardsPendingError:
            log.info("waits for its shards")
        except JobFailedError as error:
            self._end(work, FAILED, error)
        except StoreFullError as error:
            told = "The artifact store is full; make room, or ask for less, and try again."
            log.error("the store is full", why=str(error))
            self._end(work, FAILED, JobFailedError("storage-full", "No room is left", told))
        except LeaseLostError:
            raise
        except Exception as error:
            if isinstance(error, SQLAlchemyError) and is_away(error):
                raise
            log.exception("the attempt failed", attempt=work.job.attempts)
            self._fail_or_retry(work)
        else:
            self._end(work, SUCCEEDED, stage=FINISHED_STAGE)
        return False

    def _end(
        self, work: Work, state: str, error: JobFailedError | None = None, **values: str
    ) -> None:
        told = None if error is None else job_error(error.code, error.title, error.detail)
        with self.database.write() as session:
            work.lease.end(session, state, finished_at=now(), error=told, **values)
            parent = work.job.parent_id
            is_last = parent is not None and shard_ended(session, parent)
        if parent is not None and is_last:
            self.send([parent], QUEUE)
        log.info("ended", state=state, error=told)

    def _fail_or_retry(self, work: Work) -> None:
        with self.database.read() as session:
            attempts = session.get_one(Job, work.job.id).attempts  # 0 again after any progress
        if attempts >= self.settings.max_attempts:
            self._end(
                work,
                FAILED,
                JobFailedError(
                    "internal-error",
                    "The service made a mistake",
                    f"The job failed {attempts} times in a row; tell the operator its id.",
                ),
            )
            return
        self._queued_again(work, RETRY_SECONDS * 2**attempts)

    def _queued_again(self, work: Work, delay_seconds: float = 0.0, **values: int) -> bool:
        """Put the job back; False if its owner wants it to stop, which it then does."""
        try:
            with self.database.write() as session:
                work.lease.release(session, delay_seconds, **values)
        except CancelRequestedError:
            self._end(work, CANCELLED)
            return False
        return True
