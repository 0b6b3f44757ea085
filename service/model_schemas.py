"""What goes over the wire about subjects, models and estimates."""

from __future__ import annotations

import datetime as dt
import uuid
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.schemas import IMAGE_ID, JOB_ID, Face, JobError, JobState, Text

SUBJECT_ID: Final = "019e6f1e-1b30-7a66-8c3d-5e2f1a0b9c8d"
MODEL_ID: Final = "019e6f1e-2c41-7b77-9d4e-6f3a2b1c0d9e"
ESTIMATE_ID: Final = "019e6f1e-3d52-7c88-8e5f-7a4b3c2d1e0f"
COMPACT: Final = "compact"
"""The model that ships."""

_JOB: Final[dict[str, Any]] = {
    "id": JOB_ID,
    "state": "succeeded",
    "done": 1,
    "total": 1,
    "stage": "finished",
    "error": None,
}
_CONSENT: Final[dict[str, Any]] = {
    "basis": "informed consent",
    "reference": "form 2026-114, signed",
    "date": "2026-11-02",
    "expires": "2031-11-01",
}
_SHA256: Final = "0f343b0931126a20f133d67c2b018a3b5d6a8ff2a5d5a1fbd4d6f1bb0d9a6a52"

Line = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$")]
ModelName = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9-]+$")]


class Consent(BaseModel):
    """What a person agreed to, and where that is on record."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [_CONSENT]})

    basis: Line = Field(description="On what grounds, for instance informed consent.")
    reference: Text = Field(description="Where the record is: a form, a protocol.")
    date: dt.date = Field(description="When it was given.")
    expires: dt.date | None = Field(
        None,
        description="The last day on which it is good; after it, all that came from the subject "
        "is erased.",
    )


class SubjectRequest(BaseModel):
    """A person to keep photos and models of."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"label": "P07", "consent": _CONSENT}]}
    )

    label: Line = Field(description="Your own name for the person; a pseudonym is best.")
    consent: Consent


class Subject(BaseModel):
    """A person and the consent on record."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": SUBJECT_ID,
                    "label": "P07",
                    "consent": _CONSENT,
                    "created_at": "2026-11-20T15:04:05.123456Z",
                }
            ]
        }
    )

    id: uuid.UUID
    label: str
    consent: Consent
    created_at: datetime


class SubjectList(BaseModel):
    """A page of subjects, newest first."""

    items: list[Subject]
    next_cursor: str | None = Field(description="Pass as `cursor` for the next page.")


class ErasedBlob(BaseModel):
    """Stored bytes that came from the subject."""

    sha256: str
    erased: bool = Field(description="false where other rows need the very same bytes.")


class Receipt(BaseModel):
    """What was erased with a subject."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "subject_id": SUBJECT_ID,
                    "erased_at": "2026-11-20T15:04:05.123456Z",
                    "images": 2,
                    "drawings": 8,
                    "models": 1,
                    "generators": 0,
                    "estimates": 1,
                    "datasets_withdrawn": [],
                    "blobs": [{"sha256": _SHA256, "erased": True}],
                }
            ]
        }
    )

    subject_id: uuid.UUID
    erased_at: datetime
    images: int
    drawings: int
    models: int
    generators: int = Field(description="Those that had learned from images of the subject.")
    estimates: int
    datasets_withdrawn: list[uuid.UUID] = Field(
        description="Datasets that had images of the subject; their files are erased."
    )
    blobs: list[ErasedBlob]


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
    aus: list[str] | None = Field(
        None, min_length=1, max_length=18, description="AUs that the base model has to read."
    )
    name: Line | None = Field(None, description="Your own name for the model.")
    seed: int = Field(0, strict=True, ge=0, le=2**31 - 1)


class TrainRequest(BaseModel):
    """Train a model on a dataset."""

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

    dataset_id: uuid.UUID = Field(description="A dataset of yours that is built.")
    architecture: Literal["compact", "vgg16"] | None = Field(
        None, description="By default the base model's, or compact."
    )
    base_model: ModelName | None = Field(
        None,
        description="Train on from it: compact, or the id of a model of yours that is not fitted "
        "to a person. By default from nothing.",
    )
    aus: list[str] | None = Field(
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
                    "job": _JOB,
                    "architecture": "compact",
                    "method": "one-frame",
                    "base_model": "compact",
                    "subject_id": SUBJECT_ID,
                    "aus": ["AU06", "AU12"],
                    "registration": "3d",
                    "results": None,
                    "lineage": {},
                    "size": 5_500_000,
                    "sha256": _SHA256,
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


class EstimateRequest(BaseModel):
    """Read AU intensities from uploaded images."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"image_ids": [IMAGE_ID]}]}
    )

    image_ids: list[uuid.UUID] = Field(min_length=1)
    any_person: bool = Field(
        False,
        description="Have a personalised model read faces that do not look like its subject too. "
        "Without it, faces whose shape differs too much are answered with other-person: a guard "
        "against mix-ups, which lets about one other person in five through.",
    )


class AuEstimate(BaseModel):
    """How strong one action unit is."""

    intensity: float = Field(ge=0, le=5, description="0 to 5: the mean over the probabilities.")
    level: str = Field(description="0, or A to E: the intensity, rounded.")
    present: bool = Field(description="Whether the intensity is at least 1 (A).")
    probabilities: Annotated[list[float], Field(min_length=6, max_length=6)] = Field(
        description="Of the levels 0, A, B, C, D and E."
    )


_READ: Final[dict[str, Any]] = {
    "file": "me.jpg",
    "face": {"box": [177.0, 68.5, 94.2, 94.2], "yaw": 14.3, "pitch": 3.1, "roll": 2.4},
    "intensities": {
        "AU12": {
            "intensity": 2.7,
            "level": "C",
            "present": True,
            "probabilities": [0.02, 0.08, 0.3, 0.41, 0.15, 0.04],
        }
    },
}


class EstimateItem(BaseModel):
    """What was read from one image: a face and its intensities, or an error."""

    model_config = ConfigDict(json_schema_extra={"examples": [_READ]})

    file: str = Field(description="The file's name, or the image's id where it has none.")
    face: Face | None = Field(None, description="The largest face, which is the one read.")
    intensities: dict[str, AuEstimate] | None = None
    error: JobError | None = Field(None, description="Why the image cannot be read.")


class Estimates(BaseModel):
    """What was read from every image, in the order they were sent."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_READ]}]})

    items: list[EstimateItem]


class PendingEstimates(Estimates):
    """The same while it is being read, or later."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"id": ESTIMATE_ID, "job": _JOB, "items": [_READ]}]}
    )

    id: uuid.UUID
    job: JobState
