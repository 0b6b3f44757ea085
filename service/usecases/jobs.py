"""Reading jobs and cancelling them."""

from __future__ import annotations

import uuid
from typing import TypeVar

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from service.db.repositories import Jobs, Page, Repository
from service.db.shards import cancel_shards, is_parked
from service.db.tables import Corpus, Dataset, Evaluation, Generator, Job, Model
from service.db.types import now
from service.errors.base import ProblemError
from service.errors.jobs import (
    JobCancelledError,
    JobFailedError,
    JobFinishedError,
    JobNotFoundError,
    NotReadyError,
)
from service.jobs.contracts import CANCELLED, ENDED, QUEUED, RUNNING

Filled = TypeVar("Filled", Corpus, Dataset, Model, Generator, Evaluation)


def get(session: Session, owner_id: uuid.UUID, job_id: uuid.UUID | None) -> Job:
    """A job by its id; raises `JobNotFoundError`."""
    job = None if job_id is None else Jobs(session, owner_id).get(job_id)
    if job is None or job.parent_id is not None:
        raise JobNotFoundError("You have no job with this id.")
    return job


def page(session: Session, owner_id: uuid.UUID, limit: int, before: uuid.UUID | None) -> Page[Job]:
    """An owner's jobs, newest first."""
    return Jobs(session, owner_id).page(limit, before)


def page_with_jobs(
    rows: Repository[Filled], limit: int, before: uuid.UUID | None
) -> tuple[Page[Filled], dict[uuid.UUID, Job]]:
    """An owner's rows, newest first, and their jobs by id."""
    found = rows.page(limit, before)
    ids = [row.job_id for row in found.rows if row.job_id is not None]
    return found, dict(Jobs(rows.session, rows.owner_id).get_many(ids))


def unfinished(job: Job | None, what: str, verb: str) -> ProblemError:
    """Why a resource that a job makes is not there: the sentence of ``the corpus, imported``."""
    if job is not None and job.state == CANCELLED:
        return JobCancelledError(f"The job was cancelled before the {what} was {verb}.")
    if job is not None and job.state in ENDED:
        why = (job.error or {}).get("detail", "")
        return JobFailedError(f"The {what} could not be {verb}: {why}")
    return NotReadyError(f"The {what} is still being {verb}; try again later.")


def cancel(session: Session, owner_id: uuid.UUID, job_id: uuid.UUID | None) -> Job:
    """Stop a job: at once when nobody works on it, else as soon as its worker looks.

    Cancelling a cancelled job changes nothing.

    Raises:
        JobNotFoundError.
        JobFinishedError: it has succeeded or failed.
    """
    job = get(session, owner_id, job_id)
    moment = now()
    cancel_shards(session, job.id)
    # Held from here on: between the two changes below, no worker may park the job.
    session.execute(select(Job.id).where(Job.id == job.id).with_for_update())
    idle = or_(
        is_parked(),
        Job.state == QUEUED,
        (Job.state == RUNNING) & (Job.lease_expires_at < moment),
    )
    session.execute(
        update(Job)
        .where(Job.id == job.id, idle)
        .values(state=CANCELLED, cancel_requested=True, finished_at=moment, lease_token=None)
    )
    session.execute(
        update(Job).where(Job.id == job.id, Job.state == RUNNING).values(cancel_requested=True)
    )
    session.refresh(job)
    if job.state in ENDED and job.state != CANCELLED:
        raise JobFinishedError(f"This job has {job.state} and can no longer be cancelled.")
    return job
