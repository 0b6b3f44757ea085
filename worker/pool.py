"""Celery's pool of processes, without the thread that watches over time limits.

No task has a time limit: leases and heartbeats tell whether a job goes on. The thread sleeps a
second at a time, and a worker that stops would wait for it.
"""

from __future__ import annotations

from typing import Any

from billiard.pool import Pool
from celery.concurrency.prefork import TaskPool


class UntimedPool(Pool):
    """Processes that run tasks for however long they take."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{**options, "enable_timeouts": False})


class ProcessPool(TaskPool):
    """What the worker is started with; Celery takes this class where its broker is polled."""

    BlockingPool = UntimedPool
