"""/v1/jobs: how work is coming along."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator
from typing import Annotated, Final

import anyio
from fastapi import APIRouter, Depends, Request
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from service.api import described
from service.api.deps import (
    Caller,
    Cursor,
    Limit,
    ReadSession,
    ServicesDep,
    WriteSession,
    make_cursor,
)
from service.db.ids import parse_id
from service.errors.jobs import JobFinishedError, JobNotFoundError
from service.errors.requests import UnauthenticatedError
from service.jobs.contracts import ENDED
from service.services import Services
from service.usecases import jobs
from service.wire import jobs as wire

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

POLL_SECONDS: Final = 0.2
_READ_PROBLEMS: Final = (JobNotFoundError, UnauthenticatedError)
_EVENT: Final = f"""event: succeeded
id: 12
retry: 1000
data: {json.dumps(wire.finished_job(8))}

"""


@router.get(
    "",
    response_model=wire.JobList,
    summary="List jobs",
    responses=described.responses(*described.LIST_PROBLEMS),
)
def list_jobs(
    caller: Caller, session: ReadSession, cursor: Cursor, limit: Limit = 50
) -> wire.JobList:
    """Your jobs, newest first."""
    page = jobs.page(session, caller, limit, cursor)
    return wire.JobList(
        items=[wire.job(row) for row in page.rows], next_cursor=make_cursor(page.next_id)
    )


@router.get(
    "/{job_id}",
    response_model=wire.Job,
    summary="Read a job",
    responses=described.responses(*_READ_PROBLEMS),
)
def read_job(job_id: str, caller: Caller, session: ReadSession) -> wire.Job:
    """How far the job is."""
    return wire.job(jobs.get(session, caller, parse_id(job_id)))


@router.post(
    "/{job_id}/cancel",
    response_model=wire.Job,
    status_code=202,
    summary="Cancel a job",
    responses={
        200: {"model": wire.Job, "description": "The job is cancelled."},
        202: {"description": "The job's worker has been asked to stop."},
        **described.responses(*_READ_PROBLEMS, JobFinishedError),
    },
)
def cancel_job(job_id: str, caller: Caller, session: WriteSession) -> Response:
    """Stop the job; what it has finished stays. Doing it twice changes nothing."""
    job = wire.job(jobs.cancel(session, caller, parse_id(job_id)))
    status = 200 if job.state in ENDED else 202
    return JSONResponse(job.model_dump(mode="json"), status_code=status)


def _followed(job_id: str, caller: Caller, services: ServicesDep) -> uuid.UUID:
    # Before the stream starts, so that a job that is not there is a 404.
    with services.database.read() as session:
        return jobs.get(session, caller, parse_id(job_id)).id


@router.get(
    "/{job_id}/events",
    response_class=EventSourceResponse,
    summary="Follow a job",
    responses={
        200: {
            "description": "Events with `data`, `event`, `id` and `retry`; `data` is a job.",
            "content": {
                "text/event-stream": {
                    "schema": {"type": "string"},
                    "examples": {"ended": {"summary": "The last event", "value": _EVENT}},
                }
            },
        },
        **described.responses(*_READ_PROBLEMS),
    },
)
async def follow_job(
    job_id: Annotated[uuid.UUID, Depends(_followed)],
    caller: Caller,
    services: ServicesDep,
    request: Request,
) -> AsyncIterator[ServerSentEvent]:
    """Server-sent events: `progress` whenever the job gets further, then one event named after
    the state it ended in. Each carries the job as JSON; the stream ends with the job."""
    last: wire.Job | None = None
    number = 0
    while not await request.is_disconnected():
        job = await run_in_threadpool(_read, services, caller, job_id)
        if job != last:
            last, number = job, number + 1
            name = job.state if job.state in ENDED else "progress"
            yield ServerSentEvent(data=job, event=name, id=str(number), retry=1000)
        if job.state in ENDED:
            return
        await anyio.sleep(POLL_SECONDS)


def _read(services: Services, caller: uuid.UUID, job_id: uuid.UUID) -> wire.Job:
    with services.database.read() as session:
        return wire.job(jobs.get(session, caller, job_id))
