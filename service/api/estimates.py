"""/v1/models/{id}/estimates and /v1/estimates: AU intensities of images."""

from __future__ import annotations

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

import anyio
from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response

from service.api import bodies, described
from service.api.context import request_id_of
from service.api.deps import Caller, ReadSession, ServicesDep, committed
from service.api.idempotency import RETRY_AFTER, Once, OnceDep
from service.db.ids import parse_id
from service.db.tables import Image, Job
from service.errors.base import ProblemError
from service.errors.catalogue import problem_of
from service.errors.estimates import EstimateNotFoundError
from service.errors.expressions import TooManyItemsError
from service.errors.images import (
    DECODING_PROBLEMS,
    FaceTooSmallError,
    ImageNotFoundError,
    NoFaceError,
    OtherPersonError,
)
from service.errors.jobs import JobCancelledError, JobFailedError
from service.errors.models import ModelNotFoundError, ReferenceNeededError
from service.errors.requests import InvalidRequestError, TooManyFilesError, UnauthenticatedError
from service.errors.resources import ResourceExpiredError
from service.errors.subjects import ConsentExpiredError, SubjectNotFoundError
from service.jobs.contracts import ENDED, SUCCEEDED
from service.services import Services
from service.usecases import estimates, expressions
from service.usecases.idempotency import Reply
from service.usecases.images import Upload
from service.wire import estimates as wire

router = APIRouter(prefix="/v1", tags=["estimates"])

_SOON: Final = 0.5
_POLL_SECONDS: Final = (0.005, 0.05)
"""Between two looks at the job, in the first half second and after it."""


@dataclass(frozen=True)
class _Posted:
    """Images by id or as files; exactly one of the two is not empty."""

    image_ids: Sequence[uuid.UUID]
    uploads: Sequence[Upload]
    any_person: bool
    fingerprint: str

    @property
    def count(self) -> int:
        """How many images."""
        return len(self.image_ids) or len(self.uploads)


async def _posted(request: Request, services: ServicesDep, _caller: Caller) -> _Posted:
    if bodies.media_type(request, (bodies.JSON, bodies.FORM)) == bodies.JSON:
        value, fingerprint = await bodies.read_json(request)
        asked = wire.EstimateRequest.model_validate(value)
        return _Posted(asked.image_ids, (), asked.any_person, fingerprint)
    form, fingerprint = await bodies.read_form(request, services.settings)
    form.only(("any_person",))
    if not form.files:
        raise InvalidRequestError("Send at least one photo in the field `file`.")
    checked = wire.EstimateRequest.model_validate(
        {"image_ids": [uuid.UUID(int=0)], "any_person": form.one("any_person") or False}
    )
    return _Posted((), form.files, checked.any_person, fingerprint)


def _body() -> dict[str, Any]:
    by_form = described.form_content(
        ("file",),
        {"file": described.PHOTOS, "any_person": {"type": "boolean"}},
        "by file",
        "One photo",
        {"file": ["me.jpg"]},
    )
    return described.body(described.json_content(wire.EstimateRequest), by_form)


@router.post(
    "/models/{model_id}/estimates",
    response_model=wire.Estimates,
    response_model_exclude_none=True,
    summary="Read AU intensities",
    openapi_extra=_body(),
    responses=described.accepted(
        "The estimate.",
        *described.READ_PROBLEMS,
        ModelNotFoundError,
        ReferenceNeededError,
        ImageNotFoundError,
        SubjectNotFoundError,
        ResourceExpiredError,
        *described.UNFINISHED_PROBLEMS,
        ConsentExpiredError,
        *DECODING_PROBLEMS,
        NoFaceError,
        FaceTooSmallError,
        OtherPersonError,
        TooManyItemsError,
        TooManyFilesError,
        *described.POST_PROBLEMS,
        model=wire.PendingEstimates,
        description="There are many images, or the workers are busy: read the rest at the "
        "Location.",
    ),
)
async def request_estimates(
    model_id: str,
    request: Request,
    posted: Annotated[_Posted, Depends(_posted)],
    once: OnceDep,
    caller: Caller,
    services: ServicesDep,
) -> Response:
    """Read the largest face of every image.

    A few images are answered at once; more than that, or when the workers are busy, answers 202
    and a Location. An image that cannot be read has an `error` in its place; a single one is
    answered with its problem. Files that are sent along are not kept.
    """
    accepted = await run_in_threadpool(
        _accept, services, once, caller, model_id, posted, request_id_of(request)
    )
    estimate_id = uuid.UUID(str(accepted["id"]))
    settings = services.settings
    waits = posted.count <= settings.estimate_wait_images
    start = time.monotonic()
    while True:
        state = await run_in_threadpool(_state, services, uuid.UUID(accepted["job"]["id"]))
        waited = time.monotonic() - start
        if state in ENDED or not waits or waited > settings.estimate_wait_seconds:
            break
        await anyio.sleep(_POLL_SECONDS[waited > _SOON])
    return await run_in_threadpool(_answer, services, caller, estimate_id)


@router.get(
    "/estimates/{estimate_id}",
    response_model=wire.PendingEstimates,
    response_model_exclude_none=True,
    summary="Read an estimate",
    responses=described.responses(
        EstimateNotFoundError, ResourceExpiredError, UnauthenticatedError
    ),
)
def read_estimates(estimate_id: str, caller: Caller, session: ReadSession) -> Response:
    """How far the job is, and what has been read so far, in the order of the images."""
    found = estimates.get(session, caller, parse_id(estimate_id))
    return JSONResponse(wire.pending_estimates(*found))


def _accept(
    services: Services,
    once: Once,
    caller: uuid.UUID,
    model_id: str,
    posted: _Posted,
    request_id: str,
) -> dict[str, Any]:
    """Make the rows and send the job, unless that has been done; the estimate as it was then."""
    with committed(services) as session:

        def work() -> Reply:
            sources: Sequence[Upload | Image] = posted.uploads or expressions.images_of(
                session, caller, posted.image_ids
            )
            row, job = estimates.create(
                session,
                services.store,
                services.settings,
                caller,
                model_id,
                sources,
                posted.any_person,
                request_id,
            )
            body = wire.pending_estimates(row, job, ())
            return Reply(202, body, f"/v1/estimates/{row.id}")

        reply = once.reply(session, posted.fingerprint, work)
    return reply.body


def _state(services: Services, job_id: uuid.UUID) -> str:
    with services.database.read() as session:
        job = session.get(Job, job_id)
        return SUCCEEDED if job is None else job.state


def _answer(services: Services, caller: uuid.UUID, estimate_id: uuid.UUID) -> Response:
    with services.database.read() as session:
        row, job, items = estimates.get(session, caller, estimate_id)
        if job.state not in ENDED:
            body = wire.pending_estimates(row, job, items)
            headers = {"Location": f"/v1/estimates/{row.id}", "Retry-After": RETRY_AFTER}
            return JSONResponse(body, status_code=202, headers=headers)
        if job.state != SUCCEEDED:
            raise _problem(job.error or {}, "The job was cancelled.")
        if len(items) == 1 and (error := (items[0].result or {}).get("error")):
            raise _problem(error, "", filename=items[0].file)
        return JSONResponse(wire.estimates(items))


def _problem(error: dict[str, Any], otherwise: str, **members: Any) -> ProblemError:
    """The problem that a job or an item noted."""
    code = str(error.get("type", "")).rpartition("/")[2]
    problem = problem_of(code) or (JobFailedError if error else JobCancelledError)
    return problem(str(error.get("detail", otherwise)), **members)
