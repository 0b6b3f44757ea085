"""Sending jobs to workers: after their rows are committed, never before."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any, Final

import structlog
from celery import Celery
from kombu import Connection, Queue
from kombu.exceptions import OperationalError
from sqlalchemy.orm import Session

from service.config import Settings
from service.db.tables import Job
from service.jobs.contracts import QUEUE, RUN_JOB, celery_config, prepare_broker, task_queues

_OUTBOX: Final = "jobs to send after commit"
log = structlog.get_logger(__name__)


class BrokerUnavailableError(RuntimeError):
    """The broker refused or did not answer."""


def enqueue(session: Session, job: Job) -> None:
    """Note that `job` is to be sent once `session` has committed."""
    session.info.setdefault(_OUTBOX, []).append(job.id)


class JobQueue:
    """The broker, as seen by those who send."""

    def __init__(self, settings: Settings) -> None:
        prepare_broker(settings)
        self._celery = Celery("facsimile-sender", set_as_current=False)
        config = celery_config(settings)
        # One more try within a moment, then the sweeper: whoever sends is answering a request.
        config["broker_transport_options"] |= {"max_retries": 1, "interval_start": 0.1}
        self._celery.conf.update(config)

    def commit(self, session: Session) -> None:
        """Commit, then send what was enqueued. A rollback instead sends nothing.

        A broker that is away does not undo the commit: the sweeper sends the messages later.
        """
        session.commit()
        job_ids: list[uuid.UUID] = session.info.pop(_OUTBOX, [])
        try:
            self.send(job_ids)
        except BrokerUnavailableError as error:
            why, waiting = str(error), list(map(str, job_ids))
            log.warning(
                "the broker does not answer, jobs wait for the sweeper", jobs=waiting, why=why
            )
        else:
            for job_id in job_ids:
                log.info("job sent", job_id=str(job_id))

    def send(self, job_ids: Iterable[uuid.UUID], queue: str = QUEUE) -> None:
        """Send one message for each job.

        Raises:
            BrokerUnavailableError: some were not sent.
        """
        for job_id in job_ids:
            try:
                self._celery.send_task(RUN_JOB, args=[str(job_id)], queue=queue)
            except (OperationalError, OSError) as error:
                raise BrokerUnavailableError(f"the broker did not take a job: {error}") from error

    def depth(self) -> int:
        """Messages that wait for a worker.

        Raises:
            BrokerUnavailableError.
        """
        try:
            with self._celery.connection_for_write() as connection:
                connection.ensure_connection(
                    max_retries=0, timeout=2, reraise_as_library_errors=True
                )
                return sum(_messages(queue, connection) for queue in task_queues())
        except (OperationalError, OSError) as error:
            raise BrokerUnavailableError(f"the broker did not answer: {error}") from error

    def close(self) -> None:
        """Close pooled connections."""
        self._celery.close()


def _messages(queue: Queue, connection: Connection) -> int:
    bound = queue.bind(connection.default_channel)
    bound.declare()
    declared: Any = bound.queue_declare()  # typed as a name; it is a triple
    return int(declared.message_count)
