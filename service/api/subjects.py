"""/v1/subjects: people who agreed to being worked on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from service import errors
from service import model_schemas as schemas
from service.api import bodies, present_models
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
from service.api.problems import responses
from service.db.ids import parse_id
from service.usecases import erasure, models, subjects
from service.usecases.idempotency import Reply

PATH: Final = "/v1/subjects"
router = APIRouter(prefix=PATH, tags=["subjects"])

_READ_PROBLEMS: Final = (errors.SubjectNotFoundError, errors.UnauthenticatedError)
_POST_PROBLEMS: Final = (
    errors.MalformedJsonError,
    errors.InvalidRequestError,
    errors.BodyTooLargeError,
    errors.UnsupportedMediaTypeError,
    errors.IdempotencyKeyReusedError,
    errors.UnauthenticatedError,
    errors.UnavailableError,
)


def json_body(schema: type[Any]) -> dict[str, Any]:
    """What the OpenAPI document says about a JSON body that is read by hand."""
    described = schema.model_json_schema(ref_template="#/components/schemas/{model}")
    definitions = described.pop("$defs", {})
    return {
        "requestBody": {
            "required": True,
            "content": {
                bodies.JSON: {
                    "schema": _inlined(described, definitions),
                    "examples": {
                        str(place): {"summary": "Example", "value": value}
                        for place, value in enumerate(described.get("examples", ()))
                    },
                }
            },
        }
    }


def _inlined(value: Any, definitions: dict[str, Any]) -> Any:
    if isinstance(value, dict):
        if "$ref" in value:
            name = str(value["$ref"]).rpartition("/")[2]
            return _inlined({**definitions[name]}, definitions)
        return {key: _inlined(entry, definitions) for key, entry in value.items()}
    if isinstance(value, list):
        return [_inlined(entry, definitions) for entry in value]
    return value


@dataclass(frozen=True)
class _Posted:
    asked: schemas.SubjectRequest
    fingerprint: str


async def _posted(request: Request, _caller: Caller) -> _Posted:
    bodies.media_type(request, (bodies.JSON,))
    value, fingerprint = await bodies.read_json(request)
    if isinstance(value, dict) and value.get("consent") is None:
        raise errors.ConsentRequiredError(
            "A subject needs a record of consent: basis, reference and date.", pointer="/consent"
        )
    return _Posted(schemas.SubjectRequest.model_validate(value), fingerprint)


@dataclass(frozen=True)
class _Personalise:
    asked: schemas.PersonaliseRequest
    fingerprint: str


async def _personalise(request: Request, _caller: Caller) -> _Personalise:
    bodies.media_type(request, (bodies.JSON,))
    value, fingerprint = await bodies.read_json(request)
    return _Personalise(schemas.PersonaliseRequest.model_validate(value), fingerprint)


@router.post(
    "",
    status_code=201,
    response_model=schemas.Subject,
    summary="Add a subject",
    openapi_extra=json_body(schemas.SubjectRequest),
    responses=responses(errors.ConsentRequiredError, errors.ConsentExpiredError, *_POST_PROBLEMS),
)
def create_subject(
    posted: Annotated[_Posted, Depends(_posted)],
    once: OnceDep,
    caller: Caller,
    session: WriteSession,
) -> Response:
    """Keep a person's consent. Photos uploaded with the subject's id are theirs, and are erased
    with them."""

    def work() -> Reply:
        row = subjects.create(session, caller, posted.asked)
        body = present_models.subject(row).model_dump(mode="json")
        return Reply(201, body, f"{PATH}/{row.id}")

    return once.do(session, posted.fingerprint, work)


@router.get(
    "",
    response_model=schemas.SubjectList,
    summary="List subjects",
    responses=responses(
        errors.InvalidCursorError, errors.InvalidRequestError, errors.UnauthenticatedError
    ),
)
def list_subjects(
    caller: Caller, session: ReadSession, cursor: Cursor, limit: Limit = 50
) -> schemas.SubjectList:
    """Your subjects, newest first."""
    page = subjects.page(session, caller, limit, cursor)
    return schemas.SubjectList(
        items=[present_models.subject(row) for row in page.rows],
        next_cursor=make_cursor(page.next_id),
    )


@router.get(
    "/{subject_id}",
    response_model=schemas.Subject,
    summary="Read a subject",
    responses=responses(*_READ_PROBLEMS),
)
def read_subject(subject_id: str, caller: Caller, session: ReadSession) -> schemas.Subject:
    """The subject's label and consent."""
    return present_models.subject(subjects.get(session, caller, parse_id(subject_id)))


@router.delete(
    "/{subject_id}",
    response_model=schemas.Receipt,
    summary="Erase a subject",
    responses=responses(*_READ_PROBLEMS, errors.UnavailableError),
)
def erase_subject(subject_id: str, caller: Caller, services: ServicesDep) -> schemas.Receipt:
    """Erase everything that came from the subject: photos, drawings, models, estimates, and every
    stored byte that nothing else needs. Datasets with images of them are withdrawn. Answers, when
    all is gone, with a receipt, which is not kept here."""
    erased = erasure.erase(services.database, services.store, caller, parse_id(subject_id))
    return present_models.receipt(erased)


@router.post(
    "/{subject_id}/models",
    status_code=202,
    response_model=schemas.Model,
    summary="Fit a model to a subject",
    openapi_extra=json_body(schemas.PersonaliseRequest),
    responses={
        202: {
            "headers": {
                "Location": {"description": "The model.", "schema": {"type": "string"}},
                "Retry-After": {"description": "Seconds.", "schema": {"type": "string"}},
            }
        },
        **responses(
            errors.SubjectNotFoundError,
            errors.ConsentExpiredError,
            errors.ImageNotFoundError,
            errors.ResourceExpiredError,
            errors.NotOfThisSubjectError,
            errors.SeveralFacesError,
            errors.ModelNotFoundError,
            errors.UnsuitableBaseModelError,
            errors.UnknownActionUnitError,
            errors.NotReadyError,
            errors.JobCancelledError,
            errors.JobFailedError,
            *_POST_PROBLEMS,
        ),
    },
)
def personalise(
    subject_id: str,
    request: Request,
    posted: Annotated[_Personalise, Depends(_personalise)],
    once: OnceDep,
    caller: Caller,
    session: WriteSession,
    services: ServicesDep,
) -> Response:
    """Make a model of this person from one photo with a neutral face."""

    def work() -> Reply:
        model, job = models.personalise(
            session,
            services.settings,
            caller,
            parse_id(subject_id),
            posted.asked,
            request_id_of(request),
        )
        body = present_models.model(model, job).model_dump(mode="json")
        return Reply(202, body, f"/v1/models/{model.id}")

    return once.do(session, posted.fingerprint, work)
