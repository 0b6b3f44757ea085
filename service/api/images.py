"""/v1/images: photos."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import TypeAdapter
from starlette.responses import Response

from models import images as codec
from service.api import bodies, described
from service.api.deps import (
    Caller,
    Cursor,
    Limit,
    ReadSession,
    ServicesDep,
    WriteSession,
    make_cursor,
)
from service.api.downloads import Served, serve
from service.api.idempotency import OnceDep
from service.db.ids import parse_id
from service.errors.images import (
    DECODING_PROBLEMS,
    FaceTooSmallError,
    ImageNotFoundError,
    NoFaceError,
)
from service.errors.operation import UnavailableError
from service.errors.requests import (
    BodyTooLargeError,
    IdempotencyKeyReusedError,
    InvalidRequestError,
    MalformedFormError,
    UnauthenticatedError,
    UnsupportedMediaTypeError,
)
from service.errors.resources import ResourceExpiredError
from service.errors.subjects import ConsentExpiredError, SubjectNotFoundError
from service.usecases import erasure, images, subjects
from service.usecases.idempotency import Reply
from service.usecases.images import Upload
from service.wire import images as wire
from service.wire.subjects import Receipt

router = APIRouter(prefix="/v1/images", tags=["images"])

PHOTO_PROBLEMS: Final = (
    *DECODING_PROBLEMS,
    FaceTooSmallError,
    NoFaceError,
    BodyTooLargeError,
    UnsupportedMediaTypeError,
    MalformedFormError,
    InvalidRequestError,
    IdempotencyKeyReusedError,
    UnauthenticatedError,
    UnavailableError,
)
SUBJECT_PROBLEMS: Final = (SubjectNotFoundError, ConsentExpiredError)
_READ_PROBLEMS: Final = (ImageNotFoundError, ResourceExpiredError, UnauthenticatedError)
_BODY: Final = described.body(
    described.form_content(
        ("file",),
        {"file": described.PHOTO, "subject_id": TypeAdapter(wire.SubjectId).json_schema()},
        "photo",
        "A photo and whom it shows",
        {"file": "me.jpg", "subject_id": "eileen"},
    )
)


@dataclass(frozen=True)
class _Posted:
    upload: Upload
    subject_id: str | None
    fingerprint: str


async def _posted(request: Request, services: ServicesDep, _caller: Caller) -> _Posted:
    bodies.media_type(request, (bodies.FORM,))
    form, fingerprint = await bodies.read_form(request, services.settings)
    form.only(("subject_id",))
    if len(form.files) != 1:
        raise InvalidRequestError(
            f"Send one file in the field `file`; {len(form.files)} were sent."
        )
    return _Posted(form.files[0], bodies.subject_id(form), fingerprint)


@router.post(
    "",
    status_code=201,
    response_model=wire.Image,
    summary="Upload a photo",
    openapi_extra=_BODY,
    responses=described.responses(*PHOTO_PROBLEMS, *SUBJECT_PROBLEMS),
)
def upload_image(
    posted: Annotated[_Posted, Depends(_posted)],
    once: OnceDep,
    caller: Caller,
    session: WriteSession,
    services: ServicesDep,
) -> Response:
    """Keep a photo with a face in it, to be drawn by its id."""
    if (answered := once.replay(posted.fingerprint)) is not None:
        return answered
    photo = images.inspect(posted.upload, services.registrar, services.settings)

    def work() -> Reply:
        subject = subjects.named(session, caller, posted.subject_id)
        row = images.create(session, services.store, services.settings, caller, photo, subject)
        body = wire.image(row).model_dump(mode="json")
        return Reply(201, body, f"/v1/images/{row.id}")

    return once.do(session, posted.fingerprint, work)


@router.get(
    "",
    response_model=wire.ImageList,
    summary="List images",
    responses=described.responses(*described.LIST_PROBLEMS),
)
def list_images(
    caller: Caller,
    session: ReadSession,
    cursor: Cursor,
    limit: Limit = 50,
    subject_id: Annotated[
        str | None,
        Query(max_length=128, pattern=r"^[^\x00]*$", description="Photos of this subject alone."),
    ] = None,
) -> wire.ImageList:
    """Your photos, newest first."""
    page = images.page(session, caller, limit, cursor, subject_id)
    return wire.ImageList(
        items=[wire.image(row) for row in page.rows], next_cursor=make_cursor(page.next_id)
    )


@router.get(
    "/{image_id}",
    response_model=wire.Image,
    summary="Read an image",
    responses=described.responses(*_READ_PROBLEMS),
)
def read_image(image_id: str, caller: Caller, session: ReadSession) -> wire.Image:
    """What is known about a photo."""
    return wire.image(images.get(session, caller, parse_id(image_id)))


@router.delete(
    "/{image_id}",
    response_model=Receipt,
    summary="Erase an image",
    responses=described.responses(ImageNotFoundError, UnauthenticatedError, UnavailableError),
)
def erase_image(image_id: str, caller: Caller, services: ServicesDep) -> Receipt:
    """Erase a photo and all that came from it: drawings, models fitted by it, estimates,
    generators that learned from it, and every stored byte that nothing else needs. Datasets with
    it are withdrawn. Answers, when all is gone, with a receipt, which is not kept here."""
    erased = erasure.erase_image(services.database, services.store, caller, parse_id(image_id))
    return erased.receipt()


@router.head("/{image_id}/content", include_in_schema=False)
@router.get(
    "/{image_id}/content",
    operation_id="read_image_content",
    response_class=Response,
    summary="Download a photo",
    responses=described.file(
        "The photo's bytes as they were uploaded.", ("image/*",), *_READ_PROBLEMS
    ),
)
def read_content(
    image_id: str, request: Request, caller: Caller, session: ReadSession, services: ServicesDep
) -> Response:
    """The photo's bytes as they were uploaded. Honours Range and If-None-Match."""
    image = images.get(session, caller, parse_id(image_id))
    extension = image.media_type.rsplit("/", 1)[-1]
    served = Served(image.sha256, image.media_type, f"{image.id}.{extension}")
    return serve(request, services.store, served)


@router.get(
    "/{image_id}/registered",
    response_class=Response,
    summary="See the registered face",
    responses={
        200: {
            "description": "The 224x224 registered face.",
            "content": {"image/png": {"schema": dict(described.BINARY)}},
        },
        **described.responses(*_READ_PROBLEMS, InvalidRequestError),
    },
)
def read_registered(
    image_id: str,
    caller: Caller,
    session: ReadSession,
    services: ServicesDep,
    view: Annotated[
        Literal["3d", "2d"],
        Query(description="3d turns the head to the front; 2d moves and scales only."),
    ] = "3d",
) -> Response:
    """The largest face of the photo, registered to 224x224 pixels, as a PNG."""
    image = images.get(session, caller, parse_id(image_id))
    face = images.registered(services.store, services.registrar, services.settings, image, view)
    return Response(
        codec.encode_png(face),
        media_type="image/png",
        headers={"Cache-Control": "private, max-age=3600"},
    )
