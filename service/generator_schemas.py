"""What goes over the wire about generators."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.model_schemas import Line
from service.schemas import IMAGE_ID, JOB_ID, JobState

GENERATOR_ID: Final = "019e6f1f-4e63-7d99-9f60-8b5d4c3e2f1a"
_SHA256: Final = "0f343b0931126a20f133d67c2b018a3b5d6a8ff2a5d5a1fbd4d6f1bb0d9a6a52"
_DATASET_ID: Final = "019e6f1d-7b21-7e55-8a2f-6b4c3d2e1f01"

Kind = Literal["ganimation", "stargan"]


class GeneratorRequest(BaseModel):
    """Train a generator on a dataset, or on photos of people."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"dataset_id": _DATASET_ID, "kind": "ganimation", "steps": 200_000},
                {"image_ids": [IMAGE_ID], "aus": ["AU06", "AU12", "AU25"], "drawings": 24},
            ]
        },
    )

    dataset_id: uuid.UUID | None = Field(None, description="A dataset of yours that is built.")
    image_ids: list[uuid.UUID] | None = Field(
        None,
        min_length=1,
        description="Instead of a dataset: photos. Those of one `subject_id` are of one person, "
        "and of each person the first that is named has to show a neutral face; the rig draws "
        "what is learned from them.",
    )
    kind: Kind = "ganimation"
    aus: list[str] | None = Field(
        None,
        min_length=1,
        max_length=36,
        description="AUs to learn, L or R behind one for a side alone; all by default.",
    )
    registration: Literal["3d", "2d"] | None = Field(
        None, description="How faces are registered: the dataset's own way, or 3d."
    )
    drawings: int = Field(
        24, strict=True, ge=1, le=1000, description="Of each person, when it learns from photos."
    )
    steps: int = Field(200_000, strict=True, ge=1, le=10_000_000)
    batch: int = Field(16, strict=True, ge=1, le=256, description="Pairs of faces in a step.")
    size: int = Field(
        224, strict=True, ge=16, le=512, multiple_of=4, description="Pixels a side that it draws."
    )
    channels: int = Field(64, strict=True, ge=16, le=256, description="How wide the networks are.")
    blocks: int = Field(6, strict=True, ge=0, le=32, description="Residual blocks.")
    precision: Literal["float32", "bfloat16"] = "bfloat16"
    name: Line | None = Field(None, description="Your own name for the generator.")
    seed: int = Field(0, strict=True, ge=0, le=2**31 - 1)


class Generator(BaseModel):
    """What draws faces: name its id as `generator` wherever drawings are asked for."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": GENERATOR_ID,
                    "name": "ganimation on smiles",
                    "kind": "ganimation",
                    "job": {
                        "id": JOB_ID,
                        "state": "running",
                        "done": 12_000,
                        "total": 200_000,
                        "stage": "training",
                        "error": None,
                    },
                    "dataset_id": _DATASET_ID,
                    "image_ids": None,
                    "aus": ["AU06", "AU12"],
                    "registration": "3d",
                    "results": None,
                    "lineage": {},
                    "size": None,
                    "sha256": None,
                    "download_url": None,
                    "created_at": "2026-11-20T15:04:05.123456Z",
                    "expires_at": None,
                }
            ]
        }
    )

    id: str = Field(description="The name of a generator that ships, or an id.")
    name: str
    kind: str = Field(description="ganimation, stargan, or the name of one that ships.")
    job: JobState | None = Field(description="What makes it; null where nothing had to be made.")
    dataset_id: uuid.UUID | None
    image_ids: list[uuid.UUID] | None
    aus: list[str] | None = Field(description="What it draws; null until it is made.")
    registration: str | None = Field(
        description="How faces have to be registered; null where any way will do."
    )
    results: dict[str, Any] | None = Field(description="The last losses of its training.")
    lineage: dict[str, Any]
    size: int | None = Field(description="Bytes of the download.")
    sha256: str | None = Field(description="Of the download; also its ETag.")
    download_url: str | None
    created_at: datetime | None
    expires_at: datetime | None


class GeneratorList(BaseModel):
    """A page of generators, newest first; the ones that ship lead the first page."""

    items: list[Generator]
    next_cursor: str | None = Field(description="Pass as `cursor` for the next page.")
