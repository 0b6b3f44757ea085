"""Subjects."""

from __future__ import annotations

import datetime as dt
import uuid
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from service.wire.common import IMAGE_ID, SHA256, SUBJECT_ID, Line, Text

if TYPE_CHECKING:
    from service.db import tables

_CONSENT: Final[dict[str, Any]] = {
    "basis": "informed consent",
    "reference": "form 2026-114, signed",
    "date": "2026-11-02",
    "expires": "2031-11-01",
}


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
    erased: bool = Field(description="false where the bytes are still there.")
    reason: str | None = Field(description="Why they are still there; null where they are not.")


class Receipt(BaseModel):
    """What was erased with a subject or an image."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "subject_id": SUBJECT_ID,
                    "image_id": None,
                    "erased_at": "2026-11-20T15:04:05.123456Z",
                    "images": 2,
                    "drawings": 8,
                    "models": 1,
                    "generators": 0,
                    "estimates": 1,
                    "datasets_withdrawn": [],
                    "blobs": [
                        {"sha256": SHA256, "erased": True, "reason": None},
                        {
                            "sha256": "9f86d081884c7d659a2feaa0c55ad015" * 2,
                            "erased": False,
                            "reason": f"The very same bytes are your image {IMAGE_ID}, which "
                            "stays.",
                        },
                    ],
                }
            ]
        }
    )

    subject_id: uuid.UUID | None = Field(description="null where one image was erased.")
    image_id: uuid.UUID | None = Field(description="null where a subject was erased.")
    erased_at: datetime
    images: int
    drawings: int
    models: int = Field(description="The subject's, and those that learned from the images.")
    generators: int = Field(description="Those that had learned from the images.")
    estimates: int
    datasets_withdrawn: list[uuid.UUID] = Field(
        description="Datasets that had the images; their files are erased."
    )
    blobs: list[ErasedBlob]


def subject(row: tables.Subject) -> Subject:
    """A subject."""
    consent = Consent(
        basis=row.consent_basis,
        reference=row.consent_reference,
        date=row.consent_date,
        expires=row.consent_expires,
    )
    return Subject(id=row.id, label=row.label, consent=consent, created_at=row.created_at)
