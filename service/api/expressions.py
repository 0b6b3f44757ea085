"""/v1/expressions: drawings of photos with other expressions."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from models.facs import Target
from service.api import bodies, described
from service.api.context import request_id_of
from service.api.deps import Caller, ReadSession, ServicesDep, WriteSession
from service.api.downloads import Served, serve
from service.api.idempotency import OnceDep
from service.api.images import PHOTO_PROBLEMS, SUBJECT_PROBLEMS
from service.db.ids import parse_id
from service.db.tables import Image
from service.errors.expressions import (
    ExpressionSetNotFoundError,
    ItemNotFoundError,
    TooManyItemsError,
)
from service.errors.generators import (
    GeneratorNotFoundError,
    UndrawableTargetError,
    UnknownGeneratorError,
)
from service.errors.images import FaceIndexError, ImageNotFoundError
from service.errors.requests import (
    InvalidRequestError,
    MalformedJsonError,
    TooManyFilesError,
    UnauthenticatedError,
)
from service.errors.resources import ResourceExpiredError
from service.errors.targets import TARGET_PROBLEMS
from service.services import Services
from service.usecases import expressions, generators, images, subjects
from service.usecases.expressions import Options
from service.usecases.idempotency import Reply
from service.usecases.images import Upload
from service.usecases.targets import parse_sources, parse_targets
from service.wire import expressions as wire

router = APIRouter(prefix="/v1/expressions", tags=["expressions"])

_FIELDS: Final = (
    "targets",
    "sources",
    "generator",
    "registration",
    "output",
    "face",
    "seed",
    "subject_id",
)
_READ_PROBLEMS: Final = (ExpressionSetNotFoundError, ResourceExpiredError, UnauthenticatedError)


@dataclass(frozen=True)
class _Posted:
    """A request, by image ids or by files; exactly one of the two is not empty."""

    image_ids: Sequence[uuid.UUID]
    uploads: Sequence[Upload]
    subject_id: str | None
    targets: Sequence[Target]
    options: Options
    fingerprint: str


async def _posted(request: Request, services: ServicesDep, caller: Caller) -> _Posted:
    if bodies.media_type(request, (bodies.JSON, bodies.FORM)) == bodies.JSON:
        value, fingerprint = await bodies.read_json(request)
        return await run_in_threadpool(_from_json, value, fingerprint, services, caller)
    form, fingerprint = await bodies.read_form(request, services.settings)
    return await run_in_threadpool(_from_form, form, fingerprint, services, caller)


def _from_json(value: Any, fingerprint: str, services: Services, caller: uuid.UUID) -> _Posted:
    asked = wire.ExpressionRequest.model_validate(value)
    return _checked(asked, asked.image_ids, (), None, fingerprint, services, caller)


def _from_form(
    form: bodies.Form, fingerprint: str, services: Services, caller: uuid.UUID
) -> _Posted:
    form.only(_FIELDS)
    if not form.files:
        raise InvalidRequestError("Send at least one photo in the field `file`.")
    # The ids come later, when the photos are kept; one stands in so that one schema serves both.
    values: dict[str, Any] = {"image_ids": [uuid.UUID(int=0)]}
    targets = form.one("targets")
    if targets is not None:
        values["targets"] = bodies.parse_json(targets, "The field targets")
    sources = form.one("sources")
    if sources is not None:
        values["sources"] = bodies.parse_json(sources, "The field sources")
    for name in ("generator", "registration"):
        if (text := form.one(name)) is not None:
            values[name] = text
    for name in ("face", "seed"):
        if (text := form.one(name)) is not None:
            values[name] = int(text) if text.isascii() and text.isdigit() else text
    if outputs := form.fields.get("output"):
        values["output"] = [part.strip() for text in outputs for part in text.split(",")]
    asked = wire.ExpressionRequest.model_validate(values)
    subject_id = bodies.subject_id(form)
    return _checked(asked, (), form.files, subject_id, fingerprint, services, caller)


def _checked(
    asked: wire.ExpressionRequest,
    image_ids: Sequence[uuid.UUID],
    uploads: Sequence[Upload],
    subject_id: str | None,
    fingerprint: str,
    services: Services,
    caller: uuid.UUID,
) -> _Posted:
    targets = parse_targets(asked.targets, services.settings.max_targets)
    with services.database.read() as session:
        own = generators.usable(session, caller, asked.generator)
        generators.check_drawable(own, asked.registration, targets)
    expressions.check_size(len(image_ids) or len(uploads), len(targets), services.settings)
    names = [str(image_id) for image_id in image_ids] or [upload.label for upload in uploads]
    sources = tuple(parse_sources(asked.sources, names))
    output = tuple(name for name in ("face", "photo") if name in asked.output)
    options = Options(asked.generator, asked.registration, output, asked.face, asked.seed, sources)
    return _Posted(image_ids, uploads, subject_id, targets, options, fingerprint)


def _body() -> dict[str, Any]:
    by_id = described.json_content(
        wire.ExpressionRequest, {"by id": "Two expressions of one image"}
    )
    asked = described.fields(wire.ExpressionRequest)
    fields = {name: asked[name] for name in _FIELDS if name != "subject_id"}
    fields["targets"] = {
        "type": "string",
        "contentMediaType": bodies.JSON,
        "description": "The targets as a JSON array. " + asked["targets"]["description"],
    }
    fields["sources"] = {
        "type": "string",
        "contentMediaType": bodies.JSON,
        "description": "A JSON object, by file name. " + asked["sources"]["description"],
    }
    subject = {"type": "string", "minLength": 1, "maxLength": 128}
    by_file = described.form_content(
        ("file", "targets"),
        {"file": described.PHOTOS, "subject_id": subject, **fields},
        "by file",
        "A smile of a new photo",
        {"file": ["me.jpg"], "targets": '[{"AU06": "C", "AU12": "D"}]'},
    )
    return described.body(by_id, by_file)


@router.post(
    "",
    status_code=202,
    response_model=wire.ExpressionSet,
    summary="Ask for expressions",
    openapi_extra=_body(),
    responses=described.accepted(
        "The set.",
        MalformedJsonError,
        ImageNotFoundError,
        ResourceExpiredError,
        *TARGET_PROBLEMS,
        TooManyItemsError,
        TooManyFilesError,
        UnknownGeneratorError,
        UndrawableTargetError,
        GeneratorNotFoundError,
        *described.UNFINISHED_PROBLEMS,
        FaceIndexError,
        *PHOTO_PROBLEMS,
        *SUBJECT_PROBLEMS,
    ),
)
def request_expressions(
    request: Request,
    posted: Annotated[_Posted, Depends(_posted)],
    once: OnceDep,
    caller: Caller,
    session: WriteSession,
    services: ServicesDep,
) -> Response:
    """Draw every photo with every target.

    Send photos and targets in one form, or the ids of uploaded images as JSON. The answer comes
    at once; read the set at its Location, or follow its job's events, until the job has ended.
    """
    if (answered := once.replay(posted.fingerprint)) is not None:
        return answered
    photos = [
        images.inspect(upload, services.registrar, services.settings) for upload in posted.uploads
    ]

    def work() -> Reply:
        subject = subjects.named(session, caller, posted.subject_id)
        rows: list[Image] = [
            images.create(session, services.store, services.settings, caller, photo, subject)
            for photo in photos
        ] or expressions.images_of(session, caller, posted.image_ids)
        expression_set, job = expressions.create(
            session,
            services.settings,
            caller,
            rows,
            posted.targets,
            posted.options,
            request_id_of(request),
        )
        body = wire.expression_set(expression_set, job, ()).model_dump(mode="json")
        return Reply(202, body, f"/v1/expressions/{expression_set.id}")

    return once.do(session, posted.fingerprint, work)


@router.get(
    "/{set_id}",
    response_model=wire.ExpressionSet,
    summary="Read an expression set",
    responses=described.responses(*_READ_PROBLEMS),
)
def read_expressions(set_id: str, caller: Caller, session: ReadSession) -> wire.ExpressionSet:
    """How far the set is, and the items that are finished; those of a cancelled set stay."""
    return wire.expression_set(*expressions.get(session, caller, parse_id(set_id)))


@router.head("/{set_id}/items/{index}/{output}", include_in_schema=False)
@router.get(
    "/{set_id}/items/{index}/{output}",
    operation_id="read_expression_item",
    response_class=Response,
    summary="Download a drawing",
    responses=described.file(
        "A PNG marked as synthetic in its XMP metadata.",
        ("image/png",),
        *_READ_PROBLEMS,
        ItemNotFoundError,
        *described.UNFINISHED_PROBLEMS,
        InvalidRequestError,
    ),
)
def read_item(
    set_id: str,
    index: Annotated[int, Path(ge=0, le=2**31 - 1)],
    output: wire.Output,
    request: Request,
    caller: Caller,
    session: ReadSession,
    services: ServicesDep,
) -> Response:
    """One drawing: `face` is 224x224, `photo` the same put back into the photo."""
    sha256 = expressions.item_artifact(session, caller, parse_id(set_id), index, output)
    filename = f"{set_id}-{index}-{output}.png"
    return serve(request, services.store, Served(sha256, "image/png", filename))
