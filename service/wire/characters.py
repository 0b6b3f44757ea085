"""Characters."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from models.characters.looks import Character as Looks
from models.characters.render import MAX_GAZE, MAX_SIDE, MAX_TURN, MIN_SIDE
from service.wire.common import example

DEFAULT_SIDE: Final = 320


class Turn(BaseModel):
    """How a head is turned, in degrees."""

    model_config = ConfigDict(extra="forbid")

    yaw: float = Field(0, ge=-MAX_TURN, le=MAX_TURN, description="To the subject's own left.")
    pitch: float = Field(0, ge=-MAX_TURN, le=MAX_TURN, description="Up.")
    roll: float = Field(0, ge=-180, le=180, description="Clockwise in the picture.")


class Look(BaseModel):
    """Where eyes look against the head, in degrees."""

    model_config = ConfigDict(extra="forbid")

    yaw: float = Field(0, ge=-MAX_GAZE, le=MAX_GAZE, description="To the subject's own left.")
    pitch: float = Field(0, ge=-MAX_GAZE, le=MAX_GAZE, description="Up.")


class RenderRequest(BaseModel):
    """Draw a character."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"target": {"AU06": "C", "AU12": "D"}, "view": {"yaw": 15}, "size": DEFAULT_SIDE}
            ]
        },
    )

    target: dict[str, Any] = Field(
        default_factory=dict,
        description="AU -> intensity: a letter A to E or a number from 0 to 5; "
        "L or R behind the AU for one side. AUs that are not named are 0.",
    )
    view: Turn = Field(default_factory=Turn)
    gaze: Look = Field(default_factory=Look)
    size: int = Field(
        DEFAULT_SIDE, strict=True, ge=MIN_SIDE, le=MAX_SIDE, description="Pixels a side."
    )


class Character(BaseModel):
    """Somebody that nobody is."""

    model_config = example(
        name="juno",
        about="A young woman with large eyes, a bob with a fringe, and light skin.",
        render_url="/v1/characters/juno/render",
    )

    name: str
    about: str
    render_url: str = Field(description="Where to POST what it is to do.")


class CharacterList(BaseModel):
    """The characters that ship."""

    items: list[Character]


def character(looks: Looks) -> Character:
    """One of the cast."""
    return Character(
        name=looks.name, about=looks.about, render_url=f"/v1/characters/{looks.name}/render"
    )
