"""Evaluations."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from service.wire.common import CORPUS_ID
from service.wire.jobs import JobState, finished, job_state
from service.wire.models import ModelName

if TYPE_CHECKING:
    from service.db import tables

EVALUATION_ID: Final = "019e6f1f-5f74-7eaa-8a71-9c6e5d4f3a2b"

_Word = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$")]
_Levels = Annotated[list[int], Field(min_length=6, max_length=6)]


class EvaluationRequest(BaseModel):
    """Hold a model against the labels of a corpus."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"corpus_id": CORPUS_ID, "split": "test", "against": "compact"}]
        },
    )

    corpus_id: uuid.UUID = Field(description="A corpus of yours that is imported.")
    split: Literal["train", "validation", "test"] | None = Field(
        None,
        description="Read the people of this split alone: the corpus's own, or, where it has none, "
        "the one that datasets of it have.",
    )
    against: ModelName | None = Field(
        None, description="Another model, to be compared on the same frames and people."
    )
    groups: dict[_Word, dict[_Word, _Word]] | None = Field(
        None,
        max_length=10_000,
        description="Of subjects: the groups they are in, such as "
        '`{"S1": {"gender": "woman"}}`. Skin is measured from the photos.',
    )
    seen_people: bool = Field(
        False, description="Read people that the model learned from too, and say so in the notes."
    )
    resamples: int = Field(
        1000, strict=True, ge=100, le=10_000, description="Draws of people for the intervals."
    )
    seed: int = Field(0, strict=True, ge=0, le=2**31 - 1, description="Of those draws.")


class Figure(BaseModel):
    """A value, and the middle 95 % of it over people drawn with replacement."""

    value: float | None = Field(description="null where it is undefined.")
    low: float | None
    high: float | None


class Figures(BaseModel):
    """How well intensities are read."""

    icc: Figure = Field(description="ICC(3,1), consistency.")
    mae: Figure = Field(description="Mean absolute error, in levels.")
    f1: Figure = Field(description="F1 of presence.")
    two_afc_a: Figure = Field(
        description="Chance that a frame coded A or above reads higher than one below; ties half."
    )
    two_afc_b: Figure = Field(description="The same from B on.")
    two_afc_c: Figure = Field(description="The same from C on.")


class AuFigures(Figures):
    """How well one action unit is read."""

    frames: int = Field(description="With a coded intensity.")
    confusion: Annotated[list[_Levels], Field(min_length=6, max_length=6)] = Field(
        description="Frames by coded level (rows, 0 and A to E) and read level (columns)."
    )


class PersonFigures(BaseModel):
    """How well one person is read, averaged over the AUs where it is defined."""

    subject: str
    frames: int
    icc: float | None
    mae: float | None
    f1: float | None
    mae_by_au: dict[str, float | None]


class GroupFigures(Figures):
    """How well the people of a group are read, averaged over AUs."""

    people: int
    frames: int


class EvaluationResult(BaseModel):
    """What was found."""

    frames: int = Field(description="That were read.")
    people: int
    mean: Figures = Field(description="Over the AUs where it is defined.")
    undefined: dict[str, int] = Field(description="AUs that each mean leaves out.")
    aus: dict[str, AuFigures]
    persons: list[PersonFigures]
    groups: dict[str, dict[str, GroupFigures]]
    difference: dict[str, Figures] | None = Field(
        None, description="This model less the other, by AU and for their mean, paired."
    )
    notes: list[str]
    resamples: int
    seed: int


def _figures(icc: float, mae: float) -> dict[str, Any]:
    def around(value: float) -> dict[str, float]:
        return {"value": value, "low": round(value - 0.05, 2), "high": round(value + 0.04, 2)}

    return {
        "icc": around(icc),
        "mae": around(mae),
        "f1": around(0.74),
        "two_afc_a": around(0.91),
        "two_afc_b": around(0.94),
        "two_afc_c": around(0.95),
    }


_CONFUSION: Final = [
    [96, 10, 1, 0, 0, 0],
    [9, 30, 12, 1, 0, 0],
    [1, 8, 28, 9, 1, 0],
    [0, 1, 8, 25, 9, 1],
    [0, 0, 1, 9, 21, 8],
    [0, 0, 0, 2, 9, 19],
]
_RESULT: Final[dict[str, Any]] = {
    "frames": 319,
    "people": 12,
    "mean": _figures(0.81, 0.42),
    "undefined": {"icc": 0, "mae": 0, "f1": 0, "two_afc_a": 0, "two_afc_b": 0, "two_afc_c": 0},
    "aus": {"AU12": {"frames": 319, "confusion": _CONFUSION, **_figures(0.81, 0.42)}},
    "persons": [
        {
            "subject": "S1",
            "frames": 27,
            "icc": 0.84,
            "mae": 0.38,
            "f1": 0.8,
            "mae_by_au": {"AU12": 0.38},
        }
    ],
    "groups": {"skin": {"light": {"people": 7, "frames": 188, **_figures(0.82, 0.41)}}},
    "difference": {"mean": _figures(0.05, -0.06), "AU12": _figures(0.05, -0.06)},
    "notes": [],
    "resamples": 1000,
    "seed": 0,
}


class Evaluation(BaseModel):
    """How well a model reads the frames of a corpus."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": EVALUATION_ID,
                    "job": finished(319),
                    "model": "compact",
                    "against": "compact",
                    "corpus_id": CORPUS_ID,
                    "split": "test",
                    "result": _RESULT,
                    "created_at": "2026-11-20T15:04:05.123456Z",
                    "expires_at": None,
                }
            ]
        }
    )

    id: uuid.UUID
    job: JobState
    model: str
    against: str | None
    corpus_id: uuid.UUID
    split: str | None
    result: EvaluationResult | None = Field(description="null until all frames are read.")
    created_at: datetime
    expires_at: datetime | None


class EvaluationList(BaseModel):
    """A page of evaluations, newest first."""

    items: list[Evaluation]
    next_cursor: str | None = Field(description="Pass as `cursor` for the next page.")


def evaluation(row: tables.Evaluation, job: tables.Job) -> Evaluation:
    """A row and its job."""
    return Evaluation(
        id=row.id,
        job=job_state(job),
        model=row.model,
        against=row.against,
        corpus_id=row.corpus_id,
        split=row.options.get("split"),
        result=None if row.result is None else EvaluationResult.model_validate(row.result),
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
