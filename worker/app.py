"""The Celery application and the worker that runs it."""

from __future__ import annotations

import os
from typing import Any

import billiard
from celery import Celery
from celery.signals import setup_logging, worker_shutting_down

from service.config import Settings
from service.jobs.contracts import celery_config, prepare_broker
from service.logs import configure_logging
from worker.loader import STOP_SIGNAL, keep_logging
from worker.pool import ProcessPool


def create_worker_app(settings: Settings) -> Celery:
    """Celery, set up to run jobs with `settings` in each of the worker's processes."""
    app = Celery("facsimile", loader="worker.loader:Loader", include=["worker.tasks"])
    app.conf.update(
        celery_config(settings),
        facsimile_settings=settings.environment(),
        # A fork would share what must not be shared: CUDA, threads, connections.
        worker_pool_start_method="spawn",
        # A message is acknowledged when its job has run, one message a process at a time. If the
        # process dies instead, the row's lease tells; so nothing hinges on acknowledgements.
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        worker_prefetch_multiplier=1,
        worker_consumer="worker.consumer:Consumer",
        worker_enable_remote_control=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,
        worker_proc_alive_timeout=60.0,
        # Results are in rows, so there is nothing of a dead process to wait for.
        worker_lost_wait=0.1,
    )
    return app


def run(settings: Settings, concurrency: int | None = None) -> int:
    """Work until told to stop (SIGTERM or SIGINT); returns the exit code.

    A running job yields at its next step and goes on in another worker, or when one starts.
    """
    configure_logging(settings.log_level, "worker")
    prepare_broker(settings)
    if concurrency is not None:
        settings = settings.model_copy(update={"worker_concurrency": concurrency})
    app = create_worker_app(settings)
    # Receivers are held weakly by default, and these must last as long as the worker.
    setup_logging.connect(keep_logging, weak=False)
    worker_shutting_down.connect(_stop_children, weak=False)
    worker = app.Worker(
        pool=ProcessPool,
        concurrency=settings.worker_concurrency,
        loglevel="ERROR",  # of what billiard prints past our logs
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        quiet=True,
    )
    worker.start()
    return int(worker.exitcode or 0)


def _stop_children(**_: Any) -> None:
    for child in billiard.active_children():
        if child.pid is not None:
            os.kill(child.pid, STOP_SIGNAL)
