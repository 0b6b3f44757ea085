"""Estimates."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from service.wire.common import ESTIMATE_ID, IMAGE_ID
from service.wire.images import FACE_EXAMPLE, Face
from service.wire.jobs import JobError, JobState, finished, job_state

if TYPE_CHECKING:
    from service.db import tables


class EstimateRequest(BaseModel):
    """Read AU intensities from uploaded images."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"image_ids": [IMAGE_ID]}]}
    )

    image_ids: list[uuid.UUID] = Field(min_length=1)
    any_person: bool = Field(
        False,
        description="Have a personalised model read faces that do not look like its subject too. "
        "Without it, faces that a face recogniser takes for another person are answered with "
        "other-person: a guard against mix-ups, no proof of identity.",
    )


class AuEstimate(BaseModel):
    """How strong one action unit is."""

    intensity: float = Field(ge=0, le=5, description="0 to 5: the median of the probabilities.")
    level: str = Field(description="0, or A to E: the intensity, rounded half up.")
    present: bool = Field(description="Whether the level is A, a trace, or above.")
    probabilities: Annotated[list[float], Field(min_length=6, max_length=6)] = Field(
        description="Of the levels 0, A, B, C, D and E."
    )


_READ: Final[dict[str, Any]] = {
    "file": "me.jpg",
    "face": {**FACE_EXAMPLE, "confidence": 0.999},
    "intensities": {
        "AU12": {
            "intensity": 2.74,
            "level": "C",
            "present": True,
            "probabilities": [0.02, 0.08, 0.3, 0.41, 0.15, 0.04],
        }
    },
}


class ReadFace(Face):
    """The face that was read, or was not for a reason."""

    model_config = ConfigDict(json_schema_extra={"examples": [_READ["face"]]})

    confidence: float | None = Field(
        None, ge=0, le=1, description="How sure it is that this is a face."
    )


class EstimateItem(BaseModel):
    """What was read from one image: a face and its intensities, or an error."""

    model_config = ConfigDict(json_schema_extra={"examples": [_READ]})

    file: str = Field(description="The file's name, or the image's id where it has none.")
    face: ReadFace | None = Field(
        None,
        description="The largest face, which is the one read. Beside an error: the face that was "
        "found and not read, since it is too small or looks like another person's.",
    )
    intensities: dict[str, AuEstimate] | None = None
    error: JobError | None = Field(None, description="Why the image cannot be read.")


class Estimates(BaseModel):
    """What was read from every image, in the order they were sent."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"items": [_READ]}]})

    items: list[EstimateItem]


class PendingEstimates(Estimates):
    """The same while it is being read, or later."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"id": ESTIMATE_ID, "job": finished(1), "items": [_READ]}]}
    )

    id: uuid.UUID
    job: JobState


def estimates(items: Sequence[tables.EstimateItem]) -> dict[str, Any]:
    """What was read from the images that have been, as JSON."""
    read = [item for item in items if item.result is not None]
    body = Estimates(
        items=[
            EstimateItem.model_validate({"file": item.file, **(item.result or {})}) for item in read
        ]
    )
    return body.model_dump(mode="json", exclude_none=True)


def pending_estimates(
    row: tables.Estimate, job: tables.Job, items: Sequence[tables.EstimateItem]
) -> dict[str, Any]:
    """The same with the job that reads them, as JSON."""
    return {
        "id": str(row.id),
        "job": job_state(job).model_dump(mode="json"),
        **estimates(items),
    }
