"""What a worker process sets up for itself; Celery calls these hooks in the processes it starts."""

from __future__ import annotations

import os
import signal
import uuid
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import structlog
from celery.loaders.app import AppLoader
from celery.signals import setup_logging, worker_process_shutdown
from kombu.exceptions import OperationalError

from service.artifacts import open_store
from service.config import Settings
from service.db.engine import open_database
from service.jobs.contracts import EXPRESSIONS, GENERATORS, RUN_JOB
from service.logs import configure_logging
from worker.parent import exit_with_parent

if TYPE_CHECKING:
    from worker.runner import Runner

STOP_SIGNAL: Final = signal.SIGURG
"""Sent by a worker that shuts down to its children: yield the job at the next step.

Celery keeps most signals for itself, and this one does nothing to a child that is not ready yet.
"""

log = structlog.get_logger(__name__)


def keep_logging(**_: Any) -> None:
    """Receives Celery's `setup_logging`; being connected is enough to have it leave ours alone."""


class Loader(AppLoader):
    """One per process; holds what tasks need, so that no module has state."""

    app: Any

    @cached_property
    def settings(self) -> Settings:
        """The settings the worker was started with."""
        return Settings.from_environment(self.app.conf["facsimile_settings"])

    @cached_property
    def runner(self) -> Runner:
        """Runs this process's jobs."""
        # Only processes that run jobs load the numerics; the one that hands jobs out does not.
        from worker.handlers import HANDLERS
        from worker.runner import Runner
        from worker.runtime import Models

        return Runner(
            settings=self.settings,
            database=open_database(self.settings.database),
            store=open_store(self.settings),
            models=Models(),
            handlers=HANDLERS,
            send=self._send,
        )

    def _send(self, job_ids: Sequence[uuid.UUID], queue: str) -> None:
        for job_id in job_ids:
            try:
                self.app.send_task(RUN_JOB, args=[str(job_id)], queue=queue)
            except (OperationalError, OSError) as error:
                log.warning(
                    "the broker does not answer, a job waits for the sweeper", why=str(error)
                )
                return

    def on_worker_process_init(self) -> None:
        """Ready a pool process: models are loaded before the first job comes."""
        exit_with_parent(os.getppid())
        setup_logging.connect(keep_logging, weak=False)
        configure_logging(self.settings.log_level, "worker")
        runner = self.runner
        signal.signal(STOP_SIGNAL, lambda _number, _frame: runner.stopping.set())
        worker_process_shutdown.connect(self._leave_at_once, weak=False)
        runner.models.load(GENERATORS)
        _ = runner.handlers[EXPRESSIONS]  # somebody looks at the screen while these are drawn

    def _leave_at_once(self, exitcode: int, **_: Any) -> None:
        """End this process if that is what its parent waits for.

        All that the process had to say has been read by now. It would say, besides, that it ends,
        to a parent that no longer listens, and give it a second to do so.
        """
        if self.runner.stopping.is_set():
            os._exit(exitcode)
