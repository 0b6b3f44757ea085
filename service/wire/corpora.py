"""Corpora."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Final

from pydantic import BaseModel, ConfigDict, Field

from service.wire.common import CORPUS_ID, Line, Text
from service.wire.jobs import JobState, finished, job_state

if TYPE_CHECKING:
    from service.db import tables

LAYOUTS: Final = ("folder", "fera2017", "bp4d", "disfa", "unbc")


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


def corpus(row: tables.Corpus, job: tables.Job) -> Corpus:
    """A corpus with its job."""
    summary, skipped = row.summary or {}, row.skipped or {}
    return Corpus(
        id=row.id,
        name=row.name,
        layout=row.layout,
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
