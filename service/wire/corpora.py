"""Corpora."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from service.wire.common import CORPUS_ID, Line, Text
from service.wire.jobs import JobState, finished, job_state

if TYPE_CHECKING:
    from service.db import tables

LAYOUTS: Final = ("folder", "openface", "fera2017", "bp4d", "disfa", "unbc")


def _listed(value: object) -> object:
    """Fields of a form are text: items between commas."""
    if isinstance(value, str):
        return [item.strip() for item in value.split(",") if item.strip()]
    return value


Code = Annotated[str, Field(min_length=1, max_length=32)] | int | float
View = Annotated[int, Field(ge=1, le=9)]
Camera = Literal["left", "right"]


class CorpusRequest(BaseModel):
    """Import a corpus that lies on the server."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"name": "DISFA", "layout": "disfa", "path": "disfa"}]},
    )

    name: Line
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
    scale: Literal["0-5", "0-1", "0-100", "presence"] | None = Field(
        None,
        description="Layouts folder and openface: what the numbers of a table mean. By default 0 "
        "to 5, where they can be that; where they cannot, the import fails and asks for this.",
    )
    missing: Annotated[list[Code], BeforeValidator(_listed), Field(max_length=32)] = Field(
        [],
        description="Codes for missing labels, beside empty cells, NaN, NA and null: 9, -1, 999.",
    )
    views: Annotated[list[View], BeforeValidator(_listed), Field(max_length=9)] = Field(
        [], description="Layout fera2017: which of its nine views; by default 6, the frontal one."
    )
    cameras: Annotated[list[Camera], BeforeValidator(_listed), Field(max_length=2)] = Field(
        [], description="Layout disfa: which cameras; by default one, the left where there is one."
    )
    min_confidence: float | None = Field(
        None,
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="Layout openface: least confidence of a frame that is used; by default 0.8.",
    )


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
                    "options": {"cameras": ["right"]},
                    "job": finished(1200),
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
                    "notes": [
                        "1 video of the other camera was not read; the option cameras asks for it."
                    ],
                    "created_at": "2026-11-20T15:04:05.123456Z",
                    "expires_at": None,
                }
            ]
        }
    )

    id: uuid.UUID
    name: str
    layout: str
    options: dict[str, Any] = Field(description="How its files were read, where it was asked for.")
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


def corpus(row: tables.Corpus, job: tables.Job) -> Corpus:
    """A corpus with its job."""
    summary, skipped = row.summary or {}, row.skipped or {}
    return Corpus(
        id=row.id,
        name=row.name,
        layout=row.layout,
        options=row.options or {},
        job=job_state(job),
        frames=summary.get("frames"),
        subjects=summary.get("subjects"),
        sequences=summary.get("sequences"),
        aus=summary.get("aus", {}),
        splits=summary.get("splits", {}),
        registered=row.registered,
        skipped=skipped.get("counts", {}),
        skipped_examples=skipped.get("examples", []),
        licence=row.licence or summary.get("licence"),
        consent=row.consent,
        notes=summary.get("notes", []),
        created_at=row.created_at,
        expires_at=row.expires_at,
    )
