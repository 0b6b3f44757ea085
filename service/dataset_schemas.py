"""What goes over the wire about corpora and datasets."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.schemas import (
    DATASET_GENERATOR,
    GENERATOR,
    IMAGE_ID,
    JOB_ID,
    MAX_SEED,
    JobState,
    Text,
)

CORPUS_ID: Final = "019e6f1d-0a10-7c44-9b1e-7a3d5e8f9012"
DATASET_ID: Final = "019e6f1d-7b21-7e55-8a2f-6b4c3d2e1f01"

LAYOUTS: Final = ("folder", "fera2017", "bp4d", "disfa", "unbc")

Name = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$")]
DatasetName = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9-]{0,99}$")]

_JOB: Final[dict[str, Any]] = {
    "id": JOB_ID,
    "state": "succeeded",
    "done": 1200,
    "total": 1200,
    "stage": "finished",
    "error": None,
}


class CorpusRequest(BaseModel):
    """Import a corpus that lies on the server."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "DISFA", "layout": "disfa", "path": "disfa"}]},
    )

    name: Name
    layout: str = Field(description=f"One of {', '.join(LAYOUTS)}.", max_length=64)
    path: str = Field(
        min_length=1,
        max_length=1024,
        description="A folder below the one the operator allows (FACSIMILE_CORPORA_ROOT).",
    )
    licence: Text | None = Field(
        None, description="What the corpus may be used for; by default what it says itself."
    )
    consent: Text | None = Field(None, description="What the people in it agreed to.")


class SkippedFrame(BaseModel):
    """A frame that cannot be used."""

    frame: str
    reason: str = Field(description="no-face or unreadable.")
    detail: str


class Corpus(BaseModel):
    """Labelled frames, with a registered face of each that shows one."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": CORPUS_ID,
                    "name": "DISFA",
                    "layout": "disfa",
                    "job": _JOB,
                    "frames": 1200,
                    "subjects": 3,
                    "sequences": 3,
                    "aus": {"AU12": {"0": 800, "A": 100, "B": 100, "C": 100, "D": 60, "E": 40}},
                    "splits": {},
                    "registered": 1187,
                    "skipped": {"no-face": 12, "unreadable": 1},
                    "skipped_examples": [
                        {
                            "frame": "SN001/212",
                            "reason": "no-face",
                            "detail": "No face was found in the photo of 1024x768 pixels.",
                        }
                    ],
                    "licence": "For non-commercial research.",
                    "consent": "Not stated.",
                    "notes": [],
                    "created_at": "2026-11-20T15:04:05.123456Z",
                    "expires_at": None,
                }
            ]
        }
    )

    id: uuid.UUID
    name: str
    layout: str
    job: JobState
    frames: int | None = Field(description="Labelled frames; null until the labels are read.")
    subjects: int | None
    sequences: int | None
    aus: dict[str, dict[str, int]] = Field(
        description="For every coded AU, frames at each intensity, 0 and A to E."
    )
    splits: dict[str, int] = Field(description="Frames in each official split.")
    registered: int = Field(description="Frames with a face, ready to be drawn on.")
    skipped: dict[str, int] = Field(description="Frames that cannot be used, by reason.")
    skipped_examples: list[SkippedFrame]
    licence: str | None
    consent: str | None
    notes: list[str] = Field(description="What was left out or had to be interpreted.")
    created_at: datetime
    expires_at: datetime | None


class CorpusList(BaseModel):
    """A page of corpora, newest first."""

    items: list[Corpus]
    next_cursor: str | None = Field(description="Pass as `cursor` for the next page.")


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
    aus: list[str] | None = Field(
        None, max_length=18, description="AUs to balance; all that the corpus codes by default."
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
        "frontal", description="frontal, the nine of fera2017, or pairs of pitch and yaw, degrees."
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
                    "job": _JOB,
                    "corpus_id": CORPUS_ID,
                    "spec": {"aus": ["AU06", "AU12"], "per_intensity": 100, "seed": 0},
                    "spec_sha256": "9f86d081884c7d659a2feaa0c55ad015" * 2,
                    "images": 1200,
                    "size": 90_000_000,
                    "sha256": "0f343b0931126a20f133d67c2b018a3b5d6a8ff2a5d5a1fbd4d6f1bb0d9a6a52",
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
