"""/v1/subjects: people who agreed to being worked on."""

from __future__ import annotations

from typing import Annotated, Any, Final

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
from service.errors.generators import (
    GeneratorNotFoundError,
    UndrawableTargetError,
    UnknownGeneratorError,
)
from service.errors.images import ImageNotFoundError, SeveralFacesError
from service.errors.models import ModelNotFoundError, UnsuitableBaseModelError
from service.errors.operation import UnavailableError
from service.errors.requests import (
    BodyTooLargeError,
    InvalidRequestError,
    MalformedJsonError,
    UnauthenticatedError,
    UnsupportedMediaTypeError,
)
from service.errors.resources import ResourceExpiredError
from service.errors.subjects import (
    ConsentExpiredError,
    ConsentRequiredError,
    NotOfThisSubjectError,
    SubjectNotFoundError,
)
from service.errors.targets import UnknownActionUnitError
from service.usecases import erasure, model_training, subjects
from service.usecases.idempotency import Reply
from service.wire import subjects as wire
from service.wire.models import Model, PersonaliseRequest
from service.wire.models import model as model_body

PATH: Final = "/v1/subjects"
router = APIRouter(prefix=PATH, tags=["subjects"])

_READ_PROBLEMS: Final = (SubjectNotFoundError, UnauthenticatedError)
_BODY_PROBLEMS: Final = (MalformedJsonError, InvalidRequestError, *described.POST_PROBLEMS)


def _check_consent(value: Any) -> None:
    if isinstance(value, dict) and value.get("consent") is None:
        raise ConsentRequiredError(
            "A subject needs a record of consent: basis, reference and date.", pointer="/consent"
        )


@router.post(
    "",
    status_code=201,
    response_model=wire.Subject,
    summary="Add a subject",
    openapi_extra=described.body(described.json_content(wire.SubjectRequest)),
    responses=described.responses(ConsentRequiredError, ConsentExpiredError, *_BODY_PROBLEMS),
)
def create_subject(
    posted: Annotated[
        Posted[wire.SubjectRequest],
        Depends(posted_json(wire.SubjectRequest, _check_consent)),
    ],
    once: OnceDep,
    caller: Caller,
    session: WriteSession,
) -> Response:
    """Keep a person's consent. Photos uploaded with the subject's id are theirs, and are erased
    with them."""

    def work() -> Reply:
        row = subjects.create(session, caller, posted.asked)
        body = wire.subject(row).model_dump(mode="json")
        return Reply(201, body, f"{PATH}/{row.id}")

    return once.do(session, posted.fingerprint, work)


@router.get(
    "",
    response_model=wire.SubjectList,
    summary="List subjects",
    responses=described.responses(*described.LIST_PROBLEMS),
)
def list_subjects(
    caller: Caller, session: ReadSession, cursor: Cursor, limit: Limit = 50
) -> wire.SubjectList:
    """Your subjects, newest first."""
    page = subjects.page(session, caller, limit, cursor)
    return wire.SubjectList(
        items=[wire.subject(row) for row in page.rows],
        next_cursor=make_cursor(page.next_id),
    )


@router.get(
    "/{subject_id}",
    response_model=wire.Subject,
    summary="Read a subject",
    responses=described.responses(*_READ_PROBLEMS),
)
def read_subject(subject_id: str, caller: Caller, session: ReadSession) -> wire.Subject:
    """The subject's label and consent."""
    return wire.subject(subjects.get(session, caller, parse_id(subject_id)))


@router.put(
    "/{subject_id}/consent",
    response_model=wire.Subject,
    summary="Renew a consent",
    openapi_extra=described.body(described.json_content(wire.Consent)),
    responses=described.responses(
        SubjectNotFoundError,
        ConsentExpiredError,
        MalformedJsonError,
        InvalidRequestError,
        BodyTooLargeError,
        UnsupportedMediaTypeError,
        UnauthenticatedError,
        UnavailableError,
    ),
)
def renew_consent(
    subject_id: str,
    posted: Annotated[Posted[wire.Consent], Depends(posted_json(wire.Consent))],
    caller: Caller,
    session: WriteSession,
) -> wire.Subject:
    """Put a newer consent in the place of the one on record. Once the last day of the old one is
    over, all that came from the subject is erased within minutes, and there is nothing to renew."""
    return wire.subject(subjects.renew(session, caller, parse_id(subject_id), posted.asked))


@router.delete(
    "/{subject_id}",
    response_model=wire.Receipt,
    summary="Erase a subject",
    responses=described.responses(*_READ_PROBLEMS, UnavailableError),
)
def erase_subject(subject_id: str, caller: Caller, services: ServicesDep) -> wire.Receipt:
    """Erase everything that came from the subject: photos, drawings, models, estimates, generators
    that learned from them, and every stored byte that nothing else needs. Datasets with images of
    them are withdrawn. Answers, when all is gone, with a receipt, which is not kept here."""
    erased = erasure.erase(services.database, services.store, caller, parse_id(subject_id))
    return erased.receipt()


@router.post(
    "/{subject_id}/models",
    status_code=202,
    response_model=Model,
    summary="Fit a model to a subject",
    openapi_extra=described.body(described.json_content(PersonaliseRequest)),
    responses=described.accepted(
        "The model.",
        SubjectNotFoundError,
        ConsentExpiredError,
        ImageNotFoundError,
        ResourceExpiredError,
        NotOfThisSubjectError,
        SeveralFacesError,
        ModelNotFoundError,
        UnsuitableBaseModelError,
        UnknownActionUnitError,
        UnknownGeneratorError,
        GeneratorNotFoundError,
        UndrawableTargetError,
        *described.UNFINISHED_PROBLEMS,
        *_BODY_PROBLEMS,
    ),
)
def personalise(
    subject_id: str,
    request: Request,
    posted: Annotated[Posted[PersonaliseRequest], Depends(posted_json(PersonaliseRequest))],
    once: OnceDep,
    caller: Caller,
    session: WriteSession,
    services: ServicesDep,
) -> Response:
    """Make a model of this person from one photo with a neutral face."""

    def work() -> Reply:
        model, job = model_training.personalise(
            session,
            services.settings,
            caller,
            parse_id(subject_id),
            posted.asked,
            request_id_of(request),
        )
        body = model_body(model, job).model_dump(mode="json")
        return Reply(202, body, f"/v1/models/{model.id}")

    return once.do(session, posted.fingerprint, work)
