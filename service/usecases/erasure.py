"""Erasing a subject or an image: everything that came from them, down to the bytes.

Rows go in one transaction and the blobs they referred to after it, so a process that dies in
between leaves blobs that nothing refers to, which the collector of garbage removes, never a row
without its blob. A worker that is at it loses its lease, and with it every result.
"""

from __future__ import annotations

import contextlib
import uuid
from typing import Final

import structlog
from sqlalchemy import ColumnElement, select

from service.artifacts import ArtifactStore, StoreUnavailableError
from service.db.blobs import remove_unneeded, why_needed
from service.db.engine import Database
from service.db.repositories import Estimates, expired_rows
from service.db.tables import Estimate, Evaluation, Generator, Image, Model, Subject
from service.db.types import now
from service.errors.images import ImageNotFoundError
from service.errors.subjects import SubjectNotFoundError
from service.usecases import subjects
from service.usecases.traces import Erased, erase_images, take_away

BATCH: Final = 20
LATER: Final = "The store did not answer. Nothing refers to these bytes; they are removed later."

log = structlog.get_logger(__name__)


def erase(
    database: Database,
    store: ArtifactStore,
    owner_id: uuid.UUID,
    subject_id: uuid.UUID | None,
    *only: ColumnElement[bool],
) -> Erased:
    """Erase a subject with photos, drawings, models and estimates, and withdraw datasets.

    Raises:
        SubjectNotFoundError: also where the subject is not as `only` says.
    """
    with database.write() as session:
        subject = subjects.get(session, owner_id, subject_id)
        erased = Erased(subject_id=subject.id)
        # From here on nobody adds an image or a model to the subject.
        held = select(Subject.id).where(Subject.id == subject.id, *only).with_for_update()
        if session.scalars(held).one_or_none() is None:
            raise SubjectNotFoundError("You have no subject with this id.")
        erased.locations.add(f"/v1/subjects/{subject.id}")
        named = select(Image).where(Image.owner_id == owner_id, Image.subject_id == str(subject.id))
        erase_images(session, owner_id, session.scalars(named).all(), erased, subject)
        session.delete(subject)
    _remove_blobs(database, store, owner_id, erased)
    log.info("erased a subject", blobs=len(erased.addresses), images=erased.images)
    return erased


def erase_image(
    database: Database, store: ArtifactStore, owner_id: uuid.UUID, image_id: uuid.UUID | None
) -> Erased:
    """Erase one image with all that came from it, as a subject is erased.

    Raises:
        ImageNotFoundError.
    """
    with database.write() as session:
        query = select(Image).where(Image.id == image_id, Image.owner_id == owner_id)
        # From here on nobody starts anything with it.
        image = session.scalars(query.with_for_update()).one_or_none()
        if image is None:
            raise ImageNotFoundError("You have no image with this id.")
        erased = Erased(image_id=image.id)
        erase_images(session, owner_id, [image], erased)
    _remove_blobs(database, store, owner_id, erased)
    log.info("erased an image", blobs=len(erased.addresses))
    return erased


def _remove_blobs(
    database: Database, store: ArtifactStore, owner_id: uuid.UUID, erased: Erased
) -> None:
    """Remove what the rows referred to, and note what has to stay, or stays for a while."""
    addresses = sorted(erased.addresses)
    try:
        remove_unneeded(database, store, addresses)
    except StoreUnavailableError as error:
        # The rows are gone, and the receipt is told once; the collector removes what is left.
        log.error("the store did not answer while erasing", why=str(error))
        erased.kept = dict.fromkeys(addresses, LATER)
    with database.read() as session:
        for address, reason in why_needed(session, addresses, owner_id).items():
            erased.kept[address] = reason


def erase_without_consent(database: Database, store: ArtifactStore) -> int:
    """Erase up to `BATCH` subjects whose consent has expired; returns how many."""
    is_over = Subject.expires_at <= now()
    with database.read() as session:
        query = select(Subject.id, Subject.owner_id).where(is_over)
        expired = session.execute(query.limit(BATCH)).all()
    for subject_id, owner_id in expired:
        # Another sweeper may have been faster; or the owner, by erasing them or renewing consent.
        with contextlib.suppress(SubjectNotFoundError):
            erase(database, store, owner_id, subject_id, is_over)
    return len(expired)


def erase_expired_models(database: Database, store: ArtifactStore) -> int:
    """Empty up to `BATCH` of models, generators, estimates and evaluations whose time is over;
    returns how many.

    Their rows stay, so that their ids still answer "expired".
    """
    addresses: list[str] = []
    with database.write() as session:
        models = expired_rows(session, Model, BATCH)
        generators = expired_rows(session, Generator, BATCH)
        estimates = expired_rows(session, Estimate, BATCH)
        evaluations = expired_rows(session, Evaluation, BATCH)
        for model in models:
            model.person = None
        for generator in generators:
            addresses += filter(None, [generator.state_sha256])
            generator.state_sha256 = generator.image_ids = None
        trained: list[Model | Generator] = [*models, *generators]
        for row in trained:
            addresses += filter(None, [row.checkpoint_sha256])
            row.checkpoint_sha256 = row.config = row.results = None
            row.options, row.erased_at = {}, now()
            if row.job_id is not None:
                take_away(session, row.job_id)
        for estimate in estimates:
            for item in Estimates(session, estimate.owner_id).items(estimate):
                addresses += filter(None, [item.sha256])
                session.delete(item)
            estimate.erased_at = now()
            take_away(session, estimate.job_id)
        for evaluation in evaluations:
            evaluation.result, evaluation.options, evaluation.erased_at = None, {}, now()
            take_away(session, evaluation.job_id)
    remove_unneeded(database, store, addresses)
    return len(models) + len(generators) + len(estimates) + len(evaluations)
