"""Subjects: people who agreed to being worked on, for as long as they agreed."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy.orm import Session

from service.db.ids import parse_id
from service.db.repositories import Page, Subjects
from service.db.tables import Image, Subject
from service.db.types import now
from service.errors.requests import InvalidRequestError
from service.errors.subjects import ConsentExpiredError, SubjectNotFoundError
from service.usecases.images import has_expired
from service.wire.subjects import Consent, SubjectRequest


def create(session: Session, owner_id: uuid.UUID, asked: SubjectRequest) -> Subject:
    """Keep a subject and their consent.

    Raises:
        ConsentExpiredError: the consent is no longer good.
        InvalidRequestError: it is of a day to come, or ends before it begins.
    """
    subject = Subject(owner_id=owner_id, label=asked.label)
    _agree(subject, asked.consent, "/consent")
    return Subjects(session, owner_id).add(subject)


def renew(
    session: Session, owner_id: uuid.UUID, subject_id: uuid.UUID | None, consent: Consent
) -> Subject:
    """Put a newer consent in the place of the one on record; it may be the last day's that is
    over, as long as the subject is not erased.

    Raises:
        SubjectNotFoundError.
        ConsentExpiredError, InvalidRequestError: as of a new subject's.
    """
    subject = None if subject_id is None else Subjects(session, owner_id).held(subject_id)
    if subject is None:
        raise SubjectNotFoundError("You have no subject with this id.")
    _agree(subject, consent, "")
    return subject


def _agree(subject: Subject, consent: Consent, pointer: str) -> None:
    # A day begins up to 14 hours earlier elsewhere than in UTC.
    if consent.date > (now() + timedelta(hours=14)).date():
        raise InvalidRequestError("The consent's date is a day to come.", pointer=f"{pointer}/date")
    if consent.expires is not None and consent.expires < consent.date:
        raise InvalidRequestError(
            "The consent expires before it was given.", pointer=f"{pointer}/expires"
        )
    ends = None if consent.expires is None else _end_of(consent.expires)
    if has_expired(ends):
        raise ConsentExpiredError(
            f"The consent expired with {consent.expires}; renew it first.",
            pointer=f"{pointer}/expires",
        )
    subject.consent_basis = consent.basis
    subject.consent_reference = consent.reference
    subject.consent_date = consent.date
    subject.consent_expires = consent.expires
    subject.expires_at = ends


def get(session: Session, owner_id: uuid.UUID, subject_id: uuid.UUID | None) -> Subject:
    """A subject by their id, whether their consent is still good or not.

    Raises:
        SubjectNotFoundError.
    """
    subject = None if subject_id is None else Subjects(session, owner_id).get(subject_id)
    if subject is None:
        raise SubjectNotFoundError("You have no subject with this id.")
    return subject


def consenting(session: Session, owner_id: uuid.UUID, subject_id: uuid.UUID | None) -> Subject:
    """A subject who may be worked on, and who is not erased before the transaction ends.

    Raises:
        SubjectNotFoundError, ConsentExpiredError.
    """
    subject = None if subject_id is None else Subjects(session, owner_id).held(subject_id)
    if subject is None:
        raise SubjectNotFoundError("You have no subject with this id.")
    if has_expired(subject.expires_at):
        raise ConsentExpiredError(
            f"The consent of this subject expired with {subject.consent_expires}; their images "
            "and models can no longer be used."
        )
    return subject


def page(
    session: Session, owner_id: uuid.UUID, limit: int, before: uuid.UUID | None
) -> Page[Subject]:
    """An owner's subjects, newest first."""
    return Subjects(session, owner_id).page(limit, before)


def named(session: Session, owner_id: uuid.UUID, name: str | None) -> str | None:
    """What an upload's `subject_id` means: a subject of the owner where it is an id, else a free
    name, which is kept as it is and is nobody's consent.

    Raises:
        SubjectNotFoundError, ConsentExpiredError: it is an id, but not one that may be used.
    """
    subject_id = None if name is None else parse_id(name)
    if subject_id is None:
        return name
    return str(consenting(session, owner_id, subject_id).id)


def check_images(session: Session, owner_id: uuid.UUID, images: Sequence[Image]) -> None:
    """Make sure that every subject of some images may be worked on.

    Raises:
        SubjectNotFoundError, ConsentExpiredError.
    """
    for name in sorted({image.subject_id for image in images if image.subject_id is not None}):
        named(session, owner_id, name)


def _end_of(day: date) -> datetime:
    return datetime.combine(day, time(), UTC) + timedelta(days=1)
