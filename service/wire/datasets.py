"""Datasets."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.wire.common import (
    CORPUS_ID,
    DATASET_ID,
    GENERATOR,
    IMAGE_ID,
    MAX_SEED,
    SHA256,
    AuName,
)
from service.wire.jobs import JobState, finished, job_state

if TYPE_CHECKING:
    from service.db import tables

DATASET_GENERATOR: Final = "rig"
"""What draws datasets: `hybrid` takes four times as long where it acts."""

DatasetName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,99}$")]
Degrees = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]


class DatasetRequest(BaseModel):
    """Build a dataset, balanced over a corpus, or of photos with targets."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "corpus_id": CORPUS_ID,
                    "aus": ["AU06", "AU12"],
                    "per_intensity": 500,
                    "poses": "frontal",
                    "fill": "none",
                    "format": "imagefolder",
                    "seed": 0,
                },
                {"image_ids": [IMAGE_ID], "targets": [{"AU12": "D"}, {}]},
            ]
        },
    )

    name: DatasetName = Field(
        "au-balanced-faces", description="Name on its card: letters, digits and hyphens."
    )
    corpus_id: uuid.UUID | None = None
    aus: list[AuName] | None = Field(
        None, max_length=18, description="AUs to balance; all that the corpus codes by default."
    )
    labels_from: uuid.UUID | None = Field(
        None,
        description="Another imported corpus: its label vectors are drawn, on the faces of "
        "`corpus_id`, which has to code the AUs too, so that frames without them are known.",
    )
    per_intensity: int = Field(
        5_000, strict=True, description="Images for each AU, intensity and pose."
    )
    intensities: list[int] = Field(
        [0, 1, 2, 3, 4, 5], max_length=6, description="Intensities to make, 0 to 5."
    )
    method: Literal["semantic", "resampled"] = Field(
        "semantic",
        description="semantic draws real label vectors on faces without the AU (Niinuma et al. "
        "2022, 4.2.2); resampled over- and under-samples real frames, to compare with.",
    )
    fill: Literal["none", "synthetic"] = Field(
        "none",
        description="What to do about an intensity that never occurs: leave it out and say so, or "
        "scale label vectors of the nearest one.",
    )
    sources: Literal["neutral-first", "absent"] = Field(
        "neutral-first",
        description="Which frames without the AU label vectors are drawn on: those that show "
        "nothing first, or (absent) any of them, as in Niinuma et al.",
    )
    jitter: float = Field(
        0.0, allow_inf_nan=False, description="Move intensities by up to this, within their level."
    )
    subject_cap: int | None = Field(
        None, strict=True, le=2**31 - 1, description="Images of one person, at most."
    )
    splits: list[Literal["train", "validation", "test"]] = Field(
        [],
        max_length=3,
        description="Use frames of these splits alone: the corpus's own or, where it has none, "
        "subject-disjoint ones of 70, 15 and 15%.",
    )
    image_ids: list[uuid.UUID] | None = Field(
        None, min_length=1, description="Instead of a corpus: photos, each with every target."
    )
    targets: list[dict[str, Any]] | None = Field(None, min_length=1)
    generator: str = Field(DATASET_GENERATOR, max_length=64, description=GENERATOR)
    registration: Literal["3d", "2d"] = "3d"
    poses: (
        Literal["frontal", "fera2017"]
        | Annotated[list[tuple[Degrees, Degrees]], Field(min_length=1, max_length=64)]
    ) = Field(
        "frontal",
        description="frontal, the nine of fera2017, or pairs of pitch and yaw, degrees. With "
        "registration 2d frontal is the head's own turn; for other poses faces are turned in 3D, "
        "in front of what surrounds them, and aligned in 2D.",
    )
    seed: int = Field(0, strict=True, ge=0, le=MAX_SEED)
    format: Literal["imagefolder", "webdataset"] = "imagefolder"


class Dataset(BaseModel):
    """A dataset and, once its job has succeeded, where to download it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": DATASET_ID,
                    "name": "au-balanced-faces",
                    "job": finished(1200),
                    "corpus_id": CORPUS_ID,
                    "spec": {"aus": ["AU06", "AU12"], "per_intensity": 100, "seed": 0},
                    "spec_sha256": "9f86d081884c7d659a2feaa0c55ad015" * 2,
                    "images": 1200,
                    "size": 90_000_000,
                    "sha256": SHA256,
                    "download_url": f"/v1/datasets/{DATASET_ID}/download",
                    "preview_url": f"/v1/datasets/{DATASET_ID}/preview",
                    "balance": None,
                    "pixel_check": {
                        "images": 600,
                        "face_not_found_again": 0,
                        "aus": {"AU12": {"images": 600, "correlation": 0.83}},
                    },
                    "notes": ["AU06 at E never occurs; fill=synthetic would scale vectors."],
                    "withdrawn_at": None,
                    "created_at": "2026-11-20T15:04:05.123456Z",
                    "expires_at": None,
                }
            ]
        }
    )

    id: uuid.UUID
    name: str
    job: JobState
    corpus_id: uuid.UUID | None
    spec: dict[str, Any] = Field(description="All that decides the dataset's bytes.")
    spec_sha256: str | None = Field(description="Equal for equal specs.")
    images: int = Field(description="Images in the dataset; 0 until it is built.")
    size: int | None = Field(description="Bytes of the download.")
    sha256: str | None = Field(description="Of the download; also its ETag.")
    download_url: str | None
    preview_url: str | None
    balance: dict[str, Any] | None = Field(
        description="Labels before and after, and what was planned for each AU and intensity."
    )
    pixel_check: dict[str, Any] | None = Field(
        description="Correlation of intended and re-measured intensities in a sample of drawings."
    )
    notes: list[str] = Field(description="What fell short, repeats or was scaled.")
    withdrawn_at: datetime | None = Field(
        description="When a person in it was erased, and with them its file; `spec` has the "
        "images that are left, to ask for again."
    )
    created_at: datetime
    expires_at: datetime | None


class DatasetList(BaseModel):
    """A page of datasets, newest first."""

    items: list[Dataset]
    next_cursor: str | None = Field(description="Pass as `cursor` for the next page.")


def dataset(row: tables.Dataset, job: tables.Job) -> Dataset:
    """A dataset with its job."""
    is_built = row.archive_sha256 is not None
    return Dataset(
        id=row.id,
        name=row.spec.get("name", ""),
        job=job_state(job),
        corpus_id=row.corpus_id,
        spec=row.spec,
        spec_sha256=row.address,
        images=row.images,
        size=row.archive_size,
        sha256=row.archive_sha256,
        download_url=f"/v1/datasets/{row.id}/download" if is_built else None,
        preview_url=f"/v1/datasets/{row.id}/preview" if is_built else None,
        balance=row.balance,
        pixel_check=row.pixel_check,
        notes=row.notes,
        withdrawn_at=row.withdrawn_at,
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
