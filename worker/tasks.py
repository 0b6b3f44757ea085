"""The one Celery task."""

from __future__ import annotations

import uuid
from typing import Any

import structlog
from celery import shared_task
from celery.exceptions import Reject

from service.jobs.contracts import QUEUE, RUN_JOB
from worker.consumer import JobTask


@shared_task(base=JobTask, bind=True, name=RUN_JOB)
def run_job(task: Any, job_id: str) -> None:
    """Run a job by its id; all else is read from its row."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(job_id=job_id)
    runner = task.app.loader.runner
    if runner.stopping.is_set():
        raise Reject("this worker is stopping", requeue=True)
    if runner.run(uuid.UUID(job_id)):
        runner.send([uuid.UUID(job_id)], QUEUE)
