"""Photos."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import BaseModel, Field

from service.wire.common import IMAGE_ID, SHA256, example

if TYPE_CHECKING:
    from service.db import tables

SubjectId = Annotated[
    str,
    Field(
        min_length=1,
        max_length=128,
        pattern=r"^[^\x00-\x1f\x7f]+$",
        description="Whom the photo shows: the id of a subject of yours, with whom it is erased, "
        "or else any name of your own for the person.",
    ),
]

_GAZE: Final = {"yaw": -2.9, "pitch": 1.4}
FACE_EXAMPLE: Final[dict[str, Any]] = {
    "box": [177.0, 68.5, 94.2, 94.2],
    "yaw": 14.3,
    "pitch": 3.1,
    "roll": 2.4,
    "gaze": _GAZE,
    "quality": 0.83,
    "warnings": ["glasses"],
}


class Gaze(BaseModel):
    """Where both eyes look, on average: 0 and 0 is into the camera, however the head is turned."""

    model_config = example(**_GAZE)

    yaw: float = Field(description="Degrees, positive to the subject's own left.")
    pitch: float = Field(description="Degrees, positive up; read too small.")


VisibilityWarning = Literal[
    "not-sure-a-person",
    "beyond-the-edge",
    "too-small",
    "lower-face-hidden",
    "eyes-hidden",
    "glasses",
]
Quality = Annotated[
    float | None,
    Field(
        ge=0,
        le=1,
        description="How far to trust what is read from the face or drawn on it: what its size, "
        "its turn, the photo's edge, doubt and hidden parts leave of 1. Null where an earlier "
        "version looked.",
    ),
]
Warnings = Annotated[
    list[VisibilityWarning],
    Field(
        description="What is not as it should be: the mouth or an eye lies beyond the photo; the "
        "face has less than 48 pixels; a mask or a hand hides the lower face, where nothing is "
        "drawn then; dark glasses hide the eyes; there are glasses; or it may be no person."
    ),
]


class Face(BaseModel):
    """A face in a photo."""

    model_config = example(**FACE_EXAMPLE)

    box: Annotated[list[float], Field(min_length=4, max_length=4)] = Field(
        description="x, y, width, height in pixels of the upright photo."
    )
    yaw: float = Field(description="Degrees, positive to the subject's own left.")
    pitch: float = Field(description="Degrees, positive up.")
    roll: float = Field(description="Degrees, positive clockwise in the image.")
    gaze: Gaze | None = Field(
        None,
        description="None when both eyes are closed, and for photos uploaded before it was read.",
    )
    quality: Quality = None
    warnings: Warnings = []


class Image(BaseModel):
    """An uploaded photo."""

    model_config = example(
        id=IMAGE_ID,
        sha256=SHA256,
        width=512,
        height=512,
        media_type="image/png",
        subject_id="eileen",
        face=FACE_EXAMPLE,
        faces=[FACE_EXAMPLE],
        created_at="2026-11-20T15:04:05.123456Z",
        expires_at=None,
    )

    id: uuid.UUID
    sha256: str
    width: int = Field(description="Pixels, after the EXIF orientation is applied.")
    height: int
    media_type: str
    subject_id: str | None
    face: Face = Field(description="The largest face, which is drawn unless `face` says otherwise.")
    faces: list[Face] = Field(description="Every face, largest first.")
    created_at: datetime
    expires_at: datetime | None


class ImageList(BaseModel):
    """A page of photos, newest first."""

    items: list[Image]
    next_cursor: str | None = Field(description="Pass as `cursor` for the next page.")


def image(row: tables.Image) -> Image:
    """An image."""
    faces = [Face(**face) for face in row.faces]
    return Image(
        id=row.id,
        sha256=row.sha256,
        width=row.width,
        height=row.height,
        media_type=row.media_type,
        subject_id=row.subject_id,
        face=faces[0],
        faces=faces,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
