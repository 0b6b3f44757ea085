"""Drawings made at once."""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

MIN_SIDE: Final = 64
MAX_SIDE: Final = 4096


class PreviewRequest(BaseModel):
    """Draw an image with one target, at once."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"target": {"AU06": "C", "AU12": "D"}, "frame": "face", "size": 480}]
        },
    )

    target: dict[str, Any] | None = Field(
        None,
        description="AU -> intensity: a letter A to E or a number from 0 to 5; "
        "L or R behind the AU for one side. AUs that are not named are 0. Without a target the "
        "answer is the photo itself.",
    )
    face: int = Field(0, strict=True, ge=0, le=1000, description="Which face; 0 is the largest.")
    frame: Literal["photo", "face"] = Field(
        "photo", description="The whole photo, or the square around the face as far as it goes."
    )
    size: int | None = Field(
        None,
        strict=True,
        ge=MIN_SIDE,
        le=MAX_SIDE,
        description="Longest side in pixels, as a JPEG; nothing is enlarged. Without it, a PNG at "
        "the photo's own resolution, as `/v1/expressions` draws it.",
    )
    generator: Literal["rig", "hybrid"] = Field(
        "hybrid", description="`rig` takes half the time, and leaves smiles and teeth uncorrected."
    )
