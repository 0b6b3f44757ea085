"""/v1/models/{id}/evaluations and /v1/evaluations: models against the labels of corpora."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from service.api import described
from service.api.context import request_id_of
from service.api.deps import (
    Caller,
    Cursor,
    Limit,
    ReadSession,
    ServicesDep,
    WriteSession,
    make_cursor,
)
from service.api.idempotency import OnceDep
from service.api.posted import Posted, posted_json
from service.db.ids import parse_id
from service.errors.corpora import CorpusNotFoundError
from service.errors.evaluations import EvaluationNotFoundError, PeopleSeenError
from service.errors.models import ModelNotFoundError, ReferenceNeededError
from service.errors.requests import UnauthenticatedError
from service.errors.resources import ResourceExpiredError
from service.errors.subjects import ConsentExpiredError
from service.usecases import evaluations
from service.usecases.idempotency import Reply
from service.wire import evaluations as wire

PATH: Final = "/v1/evaluations"
router = APIRouter(prefix="/v1", tags=["evaluations"])

_READ_PROBLEMS: Final = (EvaluationNotFoundError, ResourceExpiredError, UnauthenticatedError)


@router.post(
    "/models/{model_id}/evaluations",
    status_code=202,
    response_model=wire.Evaluation,
    summary="Evaluate a model",
    openapi_extra=described.body(described.json_content(wire.EvaluationRequest)),
    responses=described.accepted(
        "The evaluation.",
        *described.READ_PROBLEMS,
        ModelNotFoundError,
        ReferenceNeededError,
        CorpusNotFoundError,
        ResourceExpiredError,
        *described.UNFINISHED_PROBLEMS,
        ConsentExpiredError,
        PeopleSeenError,
        *described.POST_PROBLEMS,
    ),
)
def request_evaluation(
    model_id: str,
    request: Request,
    posted: Annotated[Posted[wire.EvaluationRequest], Depends(posted_json(wire.EvaluationRequest))],
    once: OnceDep,
    caller: Caller,
    session: WriteSession,
    services: ServicesDep,
) -> Response:
    """Read the frames of a corpus and hold them against its labels: ICC(3,1), MAE, F1, 2AFC and
    the confusion of levels, by AU, by person and by group, with intervals over people; and a
    second model on the same frames. People that the model learned from are refused."""

    def work() -> Reply:
        row, job = evaluations.create(
            session, services.settings, caller, model_id, posted.asked, request_id_of(request)
        )
        body = wire.evaluation(row, job).model_dump(mode="json")
        return Reply(202, body, f"{PATH}/{row.id}")

    return once.do(session, posted.fingerprint, work)


@router.get(
    "/evaluations",
    response_model=wire.EvaluationList,
    summary="List evaluations",
    responses=described.responses(*described.LIST_PROBLEMS),
)
def list_evaluations(
    caller: Caller, session: ReadSession, cursor: Cursor, limit: Limit = 50
) -> wire.EvaluationList:
    """Your evaluations, newest first."""
    page, jobs = evaluations.page(session, caller, limit, cursor)
    return wire.EvaluationList(
        items=[wire.evaluation(row, jobs[row.job_id]) for row in page.rows],
        next_cursor=make_cursor(page.next_id),
    )


@router.get(
    "/evaluations/{evaluation_id}",
    response_model=wire.Evaluation,
    summary="Read an evaluation",
    responses=described.responses(*_READ_PROBLEMS),
)
def read_evaluation(evaluation_id: str, caller: Caller, session: ReadSession) -> wire.Evaluation:
    """How far it is, and when it is done, all its figures."""
    return wire.evaluation(*evaluations.get(session, caller, parse_id(evaluation_id)))


@router.delete(
    "/evaluations/{evaluation_id}",
    status_code=204,
    response_class=Response,
    summary="Delete an evaluation",
    responses=described.responses(*_READ_PROBLEMS),
)
def delete_evaluation(evaluation_id: str, caller: Caller, session: WriteSession) -> Response:
    """Erase an evaluation; its job stops."""
    evaluations.delete(session, caller, parse_id(evaluation_id))
    return Response(status_code=204)
