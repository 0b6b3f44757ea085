"""A worker's hold on a job.

A job is claimed by one conditional UPDATE that stamps a token on its row; every later write names
the token, so a worker that has lost the job to another can change nothing. While the work goes
on, a thread moves the lease's end forward and looks whether somebody wants the job cancelled.
"""

from __future__ import annotations

import threading
import uuid
from datetime import timedelta
from types import TracebackType
from typing import Any, Final, Self

import structlog
from sqlalchemy import ColumnElement, or_, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from service.db.engine import Database
from service.db.ids import new_id
from service.db.outage import reason
from service.db.tables import Job
from service.db.types import now
from service.jobs.contracts import QUEUED, RUNNING, WAITING_STAGE

BEATS_PER_LEASE: Final = 3
"""A lease outlives two missed heartbeats."""

log = structlog.get_logger(__name__)


class LeaseLostError(Exception):
    """The job belongs to another worker now, or to nobody; stop without a trace."""


class CancelRequestedError(Exception):
    """The job's owner wants it to stop."""


class Lease:
    """Exclusive work on one job. A context manager: the heartbeat runs inside its block."""

    def __init__(self, database: Database, job_id: uuid.UUID, holder: str, seconds: float) -> None:
        self.job_id = job_id
        self.token = new_id()
        self._database = database
        self._holder = holder
        self._seconds = seconds
        self._lost = threading.Event()
        self._cancelled = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"lease {job_id}", daemon=True)

    def claim(self) -> bool:
        """Take the job if it is queued or its lease is dead; False when it is not to be had."""
        moment = now()
        dead = (Job.state == RUNNING) & (Job.lease_expires_at < moment)
        with self._database.write() as session:
            claimed = session.execute(
                update(Job)
                .where(Job.id == self.job_id, ~Job.cancel_requested)
                .where(or_(Job.state == QUEUED, dead))
                .values(
                    state=RUNNING,
                    lease_token=self.token,
                    lease_holder=self._holder,
                    lease_expires_at=moment + timedelta(seconds=self._seconds),
                    attempts=Job.attempts + 1,
                )
                .returning(Job.id)
            ).first()
        return claimed is not None

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._stopped.set()
        self._thread.join()

    def check(self) -> None:
        """Raise `LeaseLostError` or `CancelRequestedError` when there is reason to stop."""
        if self._lost.is_set():
            raise LeaseLostError
        if self._cancelled.is_set():
            raise CancelRequestedError

    def update(self, session: Session, **values: Any) -> None:
        """Change the job's row within `session`, provided that it is still held.

        Raises:
            LeaseLostError: it is not; the session is to be rolled back.
        """
        row = session.execute(
            update(Job)
            .where(self._held())
            .values(lease_expires_at=now() + timedelta(seconds=self._seconds), **values)
            .returning(Job.cancel_requested)
        ).first()
        if row is None:
            self._lost.set()
            raise LeaseLostError
        if row[0]:
            self._cancelled.set()

    def end(self, session: Session, state: str, **values: Any) -> None:
        """Give the job up in `state`, provided that it is still held.

        Raises:
            LeaseLostError: it is not.
            CancelRequestedError: it was to be queued, but is wanted to stop. After either the
                session is to be rolled back.
        """
        row = session.execute(
            update(Job)
            .where(self._held())
            .values(
                state=state,
                lease_token=None,
                lease_holder=None,
                lease_expires_at=None,
                **values,
            )
            .returning(Job.cancel_requested)
        ).first()
        if row is None:
            raise LeaseLostError
        # Nobody claims such a job again: it would wait for ever.
        if row[0] and state == QUEUED:
            raise CancelRequestedError

    def release(self, session: Session, delay_seconds: float = 0.0, **values: Any) -> None:
        """Queue the job again, for any worker to go on with.

        Raises:
            LeaseLostError, CancelRequestedError: see `end`.
        """
        later = now() + timedelta(seconds=delay_seconds)
        self.end(session, QUEUED, stage=WAITING_STAGE, publish_after=later, **values)

    def _held(self) -> ColumnElement[bool]:
        return (Job.id == self.job_id) & (Job.lease_token == self.token) & (Job.state == RUNNING)

    def _beat(self) -> None:
        while not self._stopped.wait(self._seconds / BEATS_PER_LEASE):
            try:
                with self._database.write() as session:
                    self.update(session)
            except LeaseLostError:
                log.warning("lost the lease", job_id=str(self.job_id))
                return
            except SQLAlchemyError as error:
                # The database may be back before the lease ends; if not, `update` finds out.
                log.warning("missed a heartbeat", job_id=str(self.job_id), why=reason(error))
