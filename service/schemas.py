"""What goes over the wire, with the examples that the OpenAPI document shows."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from service.errors.base import problem_type

IMAGE_ID: Final = "019e6f1c-3c00-7b1e-a7d4-9f6c1f0a2b3c"
SET_ID: Final = "019e6f1c-52a4-7d30-8c11-2f1e6b7a9d50"
JOB_ID: Final = "019e6f1c-52a5-7f02-9a3e-5d4c3b2a1f00"
_SHA256: Final = "0f343b0931126a20f133d67c2b018a3b5d6a8ff2a5d5a1fbd4d6f1bb0d9a6a52"

DEFAULT_GENERATOR: Final = "hybrid"
"""What draws expressions: of those that ship it measures best (docs/hybrid.md)."""
DATASET_GENERATOR: Final = "rig"
"""What draws datasets: `hybrid` takes four times as long where it acts."""
GENERATOR: Final = "What draws: the name of a generator that ships, or the id of one of yours."
MAX_SEED: Final = 2**53 - 1
"""The largest integer that every JSON reader keeps exactly."""


def _example(**values: Any) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [values]})


def _one_or_more(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Output = Literal["face", "photo"]
Outputs = Annotated[list[Output], Field(min_length=1, max_length=2)]
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

Text = Annotated[str, Field(min_length=1, max_length=10_000, pattern=r"^[^\x00]+$")]
"""Any number of lines, but for what no database keeps."""

_FACE: Final = {"box": [177.0, 68.5, 94.2, 94.2], "yaw": 14.3, "pitch": 3.1, "roll": 2.4}


class Face(BaseModel):
    """A face in a photo."""

    model_config = _example(**_FACE)

    box: Annotated[list[float], Field(min_length=4, max_length=4)] = Field(
        description="x, y, width, height in pixels of the upright photo."
    )
    yaw: float = Field(description="Degrees, positive to the subject's own left.")
    pitch: float = Field(description="Degrees, positive up.")
    roll: float = Field(description="Degrees, positive clockwise in the image.")


class Image(BaseModel):
    """An uploaded photo."""

    model_config = _example(
        id=IMAGE_ID,
        sha256=_SHA256,
        width=512,
        height=512,
        media_type="image/png",
        subject_id="eileen",
        face=_FACE,
        faces=[_FACE],
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


class JobError(BaseModel):
    """Why a job failed."""

    model_config = _example(
        type=problem_type("worker-lost"),
        title="Workers kept dying on this job",
        detail="Workers died 5 times in a row on this job after 12 of 40 items.",
    )

    type: str
    title: str
    detail: str


State = Literal["queued", "running", "succeeded", "failed", "cancelled"]


class JobState(BaseModel):
    """A job as its resource shows it."""

    model_config = _example(
        id=JOB_ID, state="running", done=3, total=8, stage="drawing", error=None
    )

    id: uuid.UUID
    state: State
    done: int = Field(description="Items finished.")
    total: int = Field(description="Items asked for.")
    stage: str = Field(description="What the worker is doing.")
    error: JobError | None


class Job(JobState):
    """A job."""

    model_config = _example(
        id=JOB_ID,
        state="running",
        done=3,
        total=8,
        stage="drawing",
        error=None,
        kind="expressions",
        resource=f"/v1/expressions/{SET_ID}",
        created_at="2026-11-20T15:04:05.123456Z",
        started_at="2026-11-20T15:04:05.223456Z",
        finished_at=None,
    )

    kind: str
    resource: str = Field(description="What the job fills.")
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None


class JobList(BaseModel):
    """A page of jobs, newest first."""

    items: list[Job]
    next_cursor: str | None = Field(description="Pass as `cursor` for the next page.")


class Item(BaseModel):
    """One finished drawing."""

    model_config = _example(
        index=0,
        image_id=IMAGE_ID,
        target={"AU06": 3.0, "AU12": 4.0},
        found={},
        face_url=f"/v1/expressions/{SET_ID}/items/0/face",
        photo_url=f"/v1/expressions/{SET_ID}/items/0/photo",
        seed=0,
    )

    index: int = Field(description="Images in their order, each with all targets in their order.")
    image_id: uuid.UUID
    target: dict[str, float]
    found: dict[str, float] | None = Field(
        description="Intensities that the photo was found to show and that were taken off first; "
        "empty when it passed for neutral. Of AU12, AU20, AU25 and AU26; other expressions are not "
        "looked for. Null in items of earlier versions."
    )
    face_url: str | None = Field(description="The 224x224 registered drawing.")
    photo_url: str | None = Field(description="The drawing put back into the photo.")
    seed: int


class ExpressionSet(BaseModel):
    """What was asked for, how far it is, and the items that are finished."""

    id: uuid.UUID
    job: JobState
    items: list[Item] = Field(description="The finished items in the order of their index.")
    generator: str
    registration: Literal["3d", "2d"]
    output: list[Output]
    face: int | None
    seed: int
    created_at: datetime
    expires_at: datetime | None


class ExpressionRequest(BaseModel):
    """Draw every image with every target."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "image_ids": [IMAGE_ID],
                    "targets": [{"AU06": "C", "AU12": "D"}, {"AU12L": 2.5}],
                    "generator": DEFAULT_GENERATOR,
                    "registration": "3d",
                    "output": ["face", "photo"],
                    "seed": 0,
                }
            ]
        },
    )

    image_ids: list[uuid.UUID] = Field(min_length=1)
    targets: list[dict[str, Any]] = Field(
        min_length=1,
        description="AU -> intensity: a letter A to E or a number from 0 to 5; "
        "L or R behind the AU for one side. AUs that are not named are 0.",
    )
    generator: str = Field(DEFAULT_GENERATOR, max_length=64, description=GENERATOR)
    registration: Literal["3d", "2d"] = "3d"
    output: Annotated[Outputs, BeforeValidator(_one_or_more)] = ["face", "photo"]
    face: int | None = Field(
        None,
        strict=True,
        ge=0,
        le=1000,
        description="Which face, 0 being the largest; that one by default.",
    )
    seed: int = Field(
        0,
        strict=True,
        ge=0,
        le=MAX_SEED,
        description="Seed of the first item; each further item takes one more.",
    )


class Problem(BaseModel):
    """What went wrong (RFC 9457). Some problems have more members."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {
                    "type": problem_type("no-face"),
                    "title": "No face was found",
                    "status": 422,
                    "detail": "No face was found in garden.jpg; send a photo in which a face can "
                    "be seen, turned no more than 45 degrees.",
                    "instance": "/v1/images",
                    "request_id": "019e6f1c-3c00-7000-8000-000000000000",
                    "filename": "garden.jpg",
                }
            ]
        },
    )

    type: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str


class Health(BaseModel):
    """The process answers."""

    model_config = _example(status="ok", version="0.1.0")

    status: Literal["ok"]
    version: str


class Readiness(BaseModel):
    """Everything the service needs answers."""

    model_config = _example(
        status="ready", checks={"database": "ok", "broker": "ok", "store": "ok"}
    )

    status: Literal["ready"]
    checks: dict[str, str]
