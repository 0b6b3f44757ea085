"""Generators."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.wire.common import DATASET_ID, GENERATOR_ID, IMAGE_ID, JOB_ID, AuName, Line
from service.wire.jobs import JobState, job_state

if TYPE_CHECKING:
    from service.db import tables

Kind = Literal["ganimation", "stargan"]


class GeneratorRequest(BaseModel):
    """Train a generator on a dataset, or on photos of people."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"dataset_id": DATASET_ID, "kind": "ganimation", "steps": 200_000},
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
    aus: list[AuName] | None = Field(
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


class FaceGenerator(BaseModel):
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
                    "dataset_id": DATASET_ID,
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

    items: list[FaceGenerator]
    next_cursor: str | None = Field(description="Pass as `cursor` for the next page.")


def generator(row: tables.Generator, job: tables.Job | None) -> FaceGenerator:
    """A generator of somebody's own."""
    config = row.config or {}
    return FaceGenerator(
        id=str(row.id),
        name=row.name,
        kind=row.kind,
        job=None if job is None else job_state(job),
        dataset_id=row.dataset_id,
        image_ids=row.image_ids,
        aus=config.get("aus"),
        registration=config.get("registration"),
        results=row.results,
        lineage=config.get("lineage", {}),
        size=row.checkpoint_size,
        sha256=row.checkpoint_sha256,
        download_url=(
            None if row.checkpoint_sha256 is None else f"/v1/generators/{row.id}/download"
        ),
        created_at=row.created_at,
        expires_at=row.expires_at,
    )


def shipped_generator(name: str, aus: tuple[str, ...]) -> FaceGenerator:
    """A generator that ships."""
    return FaceGenerator(
        id=name,
        name=name,
        kind=name,
        job=None,
        dataset_id=None,
        image_ids=None,
        aus=list(aus),
        registration=None,
        results=None,
        lineage={},
        size=None,
        sha256=None,
        download_url=None,
        created_at=None,
        expires_at=None,
    )
