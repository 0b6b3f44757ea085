"""The one Celery task."""

from __future__ import annotations

import uuid
from typing import Any

import structlog
from celery import shared_task

from service.jobs.contracts import RUN_JOB


@shared_task(bind=True, name=RUN_JOB)
def run_job(task: Any, job_id: str) -> None:
    """Run a job by its id; all else is read from its row."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(job_id=job_id)
    if task.app.loader.runner.run(uuid.UUID(job_id)):
        task.app.send_task(RUN_JOB, args=[job_id])
