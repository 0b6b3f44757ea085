"""/v1/characters: stylised people that nobody is, with any expression."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from models.characters.cast import CAST
from service.api import described
from service.api.deps import Caller
from service.api.posted import Posted, posted_json
from service.errors.characters import CharacterNotFoundError
from service.errors.requests import BodyTooLargeError, UnauthenticatedError
from service.errors.requests import UnsupportedMediaTypeError as WrongTypeError
from service.errors.targets import TARGET_PROBLEMS
from service.usecases import characters
from service.wire import characters as wire

router = APIRouter(prefix="/v1/characters", tags=["characters"])


@router.get(
    "",
    response_model=wire.CharacterList,
    summary="List characters",
    responses=described.responses(UnauthenticatedError),
)
def list_characters(caller: Caller) -> wire.CharacterList:
    """The cast that ships."""
    return wire.CharacterList(items=[wire.character(each) for each in CAST.values()])


@router.post(
    "/{name}/render",
    response_class=Response,
    summary="Draw a character",
    openapi_extra=described.body(described.json_content(wire.RenderRequest)),
    responses={
        200: {
            "description": "The picture, marked as synthetic.",
            "content": {"image/png": {"schema": dict(described.BINARY)}},
        },
        **described.responses(
            *described.READ_PROBLEMS,
            CharacterNotFoundError,
            *TARGET_PROBLEMS,
            BodyTooLargeError,
            WrongTypeError,
            UnauthenticatedError,
        ),
    },
)
def render_character(
    name: str,
    posted: Annotated[Posted[wire.RenderRequest], Depends(posted_json(wire.RenderRequest))],
    caller: Caller,
) -> Response:
    """A PNG at once: the character with these action units, seen from this side, looking there.
    The same request gives the same bytes."""
    return Response(characters.draw(name, posted.asked), media_type="image/png")
