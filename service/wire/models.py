"""Models."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.wire.common import IMAGE_ID, MODEL_ID, SHA256, SUBJECT_ID, AuName, Line
from service.wire.jobs import JobState, finished, job_state

if TYPE_CHECKING:
    from models.estimators.config import EstimatorConfig
    from service.db import tables

COMPACT: Final = "compact"
"""The model that ships."""

ModelName = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9-]+$")]
Method = Literal["one-frame", "fine-tune", "both"]


class PersonaliseRequest(BaseModel):
    """Fit a model to a subject from one photo."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"image_id": IMAGE_ID, "base_model": "compact", "method": "one-frame"}]
        },
    )

    image_id: uuid.UUID = Field(
        description="A photo of the subject with a neutral face, uploaded with their `subject_id`."
    )
    more_image_ids: list[uuid.UUID] = Field(
        [],
        max_length=200,
        description="For a base model of normalised faces: more photos of the subject. Faces are "
        "read as differences from the mean over all photos: neutral ones for au0, of any "
        "expression for mean-texture.",
    )
    base_model: ModelName = Field("compact", description="compact, or the id of a model of yours.")
    method: Method | None = Field(
        None,
        description="one-frame: compare every face with the photo; needs no training. fine-tune: "
        "train on drawings of the subject. both: one after the other. By default what serves the "
        "base model best.",
    )
    recipe: Literal["careful", "paper"] | None = Field(
        None,
        description="Of fine-tuning: that of Niinuma et al. (2022), or the careful half of it (the "
        "default for compact).",
    )
    generator: str = Field(
        "rig",
        max_length=64,
        description="What draws the subject for fine-tuning: a generator's name, or the id of one "
        "of yours that draws all AUs of the base model.",
    )
    aus: list[AuName] | None = Field(
        None, min_length=1, max_length=18, description="AUs that the base model has to read."
    )
    name: Line | None = Field(None, description="Your own name for the model.")
    seed: int = Field(0, strict=True, ge=0, le=2**31 - 1)


class TrainRequest(BaseModel):
    """Train a model on one dataset or several."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "dataset_id": "019e6f1d-7b21-7e55-8a2f-6b4c3d2e1f01",
                    "architecture": "compact",
                    "epochs": 8,
                }
            ]
        },
    )

    dataset_id: uuid.UUID | None = Field(
        None, description="A dataset of yours that is built; or several as `dataset_ids`."
    )
    dataset_ids: list[uuid.UUID] | None = Field(
        None,
        min_length=1,
        max_length=16,
        description="Datasets of yours to learn from together. People of one corpus are the same "
        "people in each; AUs that one does not code are not known of its faces.",
    )
    choose_by: list[uuid.UUID] = Field(
        [],
        max_length=16,
        description="Datasets, such as real frames, from which nothing is learnt: people in them "
        "who are not learnt from choose the stopping point, and test people are tested.",
    )
    normalisation: Literal["none", "au0", "mean-texture"] | None = Field(
        None,
        description="Read faces as differences: au0 from the person's neutral face, mean-texture "
        "from the mean of their frames. By default the base model's, or none.",
    )
    architecture: Literal["compact", "vgg16"] | None = Field(
        None, description="By default the base model's, or compact."
    )
    base_model: ModelName | None = Field(
        None,
        description="Train on from it: compact, or the id of a model of yours that is not fitted "
        "to a person. By default from nothing.",
    )
    aus: list[AuName] | None = Field(
        None, min_length=1, max_length=18, description="AUs to read; all the dataset's by default."
    )
    epochs: int | None = Field(
        None, strict=True, ge=1, le=1000, description="Passes over the dataset."
    )
    name: Line | None = Field(None, description="Your own name for the model.")
    seed: int = Field(0, strict=True, ge=0, le=2**31 - 1)


class Model(BaseModel):
    """An estimator of AU intensities."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": MODEL_ID,
                    "name": "P07, one-frame",
                    "job": finished(1),
                    "architecture": "compact",
                    "method": "one-frame",
                    "base_model": "compact",
                    "subject_id": SUBJECT_ID,
                    "aus": ["AU06", "AU12"],
                    "registration": "3d",
                    "results": None,
                    "lineage": {},
                    "size": 5_500_000,
                    "sha256": SHA256,
                    "download_url": f"/v1/models/{MODEL_ID}/download",
                    "created_at": "2026-11-20T15:04:05.123456Z",
                    "expires_at": None,
                }
            ]
        }
    )

    id: str = Field(description="The name of a model that ships, or an id.")
    name: str
    job: JobState | None = Field(description="What makes it; null where nothing had to be made.")
    architecture: str | None = Field(description="null until the model is made.")
    method: str = Field(description="generic, one-frame, fine-tune or both.")
    base_model: str | None
    subject_id: uuid.UUID | None
    aus: list[str] | None = Field(description="What it reads; null until the model is made.")
    registration: str | None
    results: dict[str, Any] | None = Field(description="What was measured while it was made.")
    lineage: dict[str, Any]
    size: int | None = Field(description="Bytes of the download.")
    sha256: str | None = Field(description="Of the download; also its ETag.")
    download_url: str | None
    created_at: datetime | None
    expires_at: datetime | None


class ModelList(BaseModel):
    """A page of models, newest first; the ones that ship lead the first page."""

    items: list[Model]
    next_cursor: str | None = Field(description="Pass as `cursor` for the next page.")


def model(row: tables.Model, job: tables.Job | None) -> Model:
    """A model of somebody's own."""
    config = row.config or {}
    return Model(
        id=str(row.id),
        name=row.name,
        job=None if job is None else job_state(job),
        architecture=config.get("architecture"),
        method=row.method,
        base_model=row.base,
        subject_id=row.subject_id,
        aus=config.get("aus"),
        registration=config.get("registration"),
        results=row.results,
        lineage=config.get("lineage", {}),
        size=row.checkpoint_size,
        sha256=row.checkpoint_sha256,
        download_url=None if row.checkpoint_sha256 is None else f"/v1/models/{row.id}/download",
        created_at=row.created_at,
        expires_at=row.expires_at,
    )


def shipped_model(name: str, config: EstimatorConfig, size: int, sha256: str) -> Model:
    """A model that ships, with the bytes and the address of its download."""
    return Model(
        id=name,
        name=name,
        job=None,
        architecture=config.architecture,
        method=config.method,
        base_model=None,
        subject_id=None,
        aus=list(config.aus),
        registration=config.registration,
        results=None,
        lineage=dict(config.lineage),
        size=size,
        sha256=sha256,
        download_url=f"/v1/models/{name}/download",
        created_at=None,
        expires_at=None,
    )
