"""What can be wrong with jobs, and with what they have not made."""

from __future__ import annotations

from types import MappingProxyType

from service.errors.base import ProblemError
from service.errors.resources import NotFoundError


class JobNotFoundError(NotFoundError):
    """None of your jobs has this id."""

    code, title = "job-not-found", "No such job"


class NotReadyError(ProblemError):
    """The result is not there yet, as its job is still at work; try again later."""

    code, title, status = "not-ready", "The result is not ready yet", 409
    extra_headers = MappingProxyType({"Retry-After": "1"})


class JobCancelledError(ProblemError):
    """The job was cancelled before it came to this result, so there will be none."""

    code, title, status = "job-cancelled", "The job was cancelled", 409


class JobFailedError(ProblemError):
    """The job failed before it came to this result; its `error` says why."""

    code, title, status = "job-failed", "The job failed", 409


class JobFinishedError(ProblemError):
    """The job has ended, so there is nothing left to cancel."""

    code, title, status = "job-finished", "The job has already ended", 409


class WorkerLostError(ProblemError):
    """Workers died on this job, again and again at the same place. Only seen as a job's error."""

    code, title, status = "worker-lost", "Workers kept dying on this job", 500
