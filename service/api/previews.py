"""/v1/images/{id}/preview: a photo with one target, at once."""

from __future__ import annotations

import json
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends
from starlette.responses import Response

from service.api import described
from service.api.deps import Caller, ServicesDep
from service.api.posted import Posted, posted_json
from service.errors.images import FaceIndexError, ImageNotFoundError
from service.errors.operation import BusyDrawingError, UnavailableError
from service.errors.requests import (
    BodyTooLargeError,
    InvalidRequestError,
    MalformedJsonError,
    UnauthenticatedError,
    UnsupportedMediaTypeError,
)
from service.errors.resources import ResourceExpiredError
from service.errors.targets import (
    ContradictorySidesError,
    IntensityOutOfRangeError,
    UnknownActionUnitError,
)
from service.usecases import previews
from service.wire.previews import PreviewRequest

router = APIRouter(prefix="/v1/images", tags=["images"])

FOUND: Final = "Facsimile-Found"
_ANSWER: Final[dict[str, Any]] = {
    "description": "The picture: a drawing is marked as synthetic, the photo itself is not.",
    "content": {name: {"schema": dict(described.BINARY)} for name in ("image/jpeg", "image/png")},
    "headers": {
        FOUND: {
            "description": "What the photo was found to show, and was taken off before anything "
            "was drawn: intensities by AU, as JSON.",
            "schema": {"type": "string"},
            "example": '{"AU12": 3.67, "AU25": 3.34}',
        }
    },
}


@router.post(
    "/{image_id}/preview",
    response_class=Response,
    summary="Draw an image at once",
    openapi_extra=described.body(described.json_content(PreviewRequest)),
    responses={
        200: _ANSWER,
        **described.responses(
            MalformedJsonError,
            InvalidRequestError,
            ImageNotFoundError,
            ResourceExpiredError,
            FaceIndexError,
            UnknownActionUnitError,
            IntensityOutOfRangeError,
            ContradictorySidesError,
            BodyTooLargeError,
            UnsupportedMediaTypeError,
            UnauthenticatedError,
            BusyDrawingError,
            UnavailableError,
        ),
    },
)
def preview_image(
    image_id: str,
    posted: Annotated[Posted[PreviewRequest], Depends(posted_json(PreviewRequest))],
    caller: Caller,
    services: ServicesDep,
) -> Response:
    """A photo with one target, for whoever waits in front of it. The first drawing of a photo
    takes a second or two, those after it some tens of milliseconds. Nothing is kept, and the same
    request gives the same bytes; many drawings are for `/v1/expressions`."""
    drawn = previews.draw(services.database, services.room, caller, image_id, posted.asked)
    headers = {FOUND: json.dumps(drawn.found), "Cache-Control": "no-store"}
    return Response(drawn.content, media_type=drawn.media_type, headers=headers)
