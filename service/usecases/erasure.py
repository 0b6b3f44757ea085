"""Erasing a subject: everything that came from them, down to the bytes.

Rows go in one transaction and the blobs they referred to after it, so a process that dies in
between leaves blobs that nothing refers to, which the collector of garbage removes, never a row
without its blob. A worker that is at it loses its lease, and with it every result.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from service.artifacts import ArtifactStore
from service.db.blobs import needed, remove_unneeded
from service.db.engine import Database
from service.db.repositories import Estimates, expired_rows
from service.db.tables import (
    Dataset,
    Estimate,
    EstimateItem,
    Evaluation,
    ExpressionItem,
    ExpressionSet,
    Generator,
    IdempotencyRecord,
    Image,
    Job,
    Model,
    Subject,
)
from service.db.types import now
from service.errors.subjects import SubjectNotFoundError
from service.jobs.contracts import CANCELLED, ENDED
from service.usecases import corpora, subjects
from service.wire.subjects import ErasedBlob, Receipt

NOBODY: Final = str(uuid.UUID(int=0))
"""Stands in a set for an image that is no more, so that the others keep their indexes."""
BATCH: Final = 20

log = structlog.get_logger(__name__)


@dataclass
class Erased:
    """What a transaction took away, and the blobs that it referred to."""

    subject_id: uuid.UUID
    at: datetime = field(default_factory=now)
    images: int = 0
    drawings: int = 0
    models: int = 0
    generators: int = 0
    estimates: int = 0
    datasets: list[uuid.UUID] = field(default_factory=list)
    addresses: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)
    """Those of the blobs that rows of others need."""
    locations: set[str] = field(default_factory=set)

    def refer(self, *addresses: str | None) -> None:
        """Note blobs that were referred to."""
        self.addresses.update(address for address in addresses if address is not None)

    def receipt(self) -> Receipt:
        """What its owner is told."""
        return Receipt(
            subject_id=self.subject_id,
            erased_at=self.at,
            images=self.images,
            drawings=self.drawings,
            models=self.models,
            generators=self.generators,
            estimates=self.estimates,
            datasets_withdrawn=self.datasets,
            blobs=[
                ErasedBlob(sha256=address, erased=address not in self.kept)
                for address in sorted(self.addresses)
            ],
        )


def erase(
    database: Database, store: ArtifactStore, owner_id: uuid.UUID, subject_id: uuid.UUID | None
) -> Erased:
    """Erase a subject with photos, drawings, models and estimates, and withdraw datasets.

    Models and generators that learned from their images go too: their cards name the images, and
    weights may remember a face.

    Raises:
        SubjectNotFoundError.
        StoreUnavailableError: all rows are gone; blobs that are left are removed later.
    """
    with database.write() as session:
        subject = subjects.get(session, owner_id, subject_id)
        erased = _erase_rows(session, subject)
    remove_unneeded(database, store, erased.addresses)
    with database.read() as session:
        erased.kept = needed(session, sorted(erased.addresses)) if erased.addresses else set()
    log.info("erased a subject", blobs=len(erased.addresses), images=erased.images)
    return erased


def erase_without_consent(database: Database, store: ArtifactStore) -> int:
    """Erase up to `BATCH` subjects whose consent has expired; returns how many."""
    with database.read() as session:
        query = select(Subject.id, Subject.owner_id).where(Subject.expires_at <= now())
        expired = session.execute(query.limit(BATCH)).all()
    for subject_id, owner_id in expired:
        # Their owner, or another sweeper, may have been faster.
        with contextlib.suppress(SubjectNotFoundError):
            erase(database, store, owner_id, subject_id)
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
                _take_away(session, row.job_id)
        for estimate in estimates:
            for item in Estimates(session, estimate.owner_id).items(estimate):
                addresses += filter(None, [item.sha256])
                session.delete(item)
            estimate.erased_at = now()
            _take_away(session, estimate.job_id)
        for evaluation in evaluations:
            evaluation.result, evaluation.options, evaluation.erased_at = None, {}, now()
            _take_away(session, evaluation.job_id)
    remove_unneeded(database, store, addresses)
    return len(models) + len(generators) + len(estimates) + len(evaluations)


def _erase_rows(session: Session, subject: Subject) -> Erased:
    erased = Erased(subject.id)
    # From here on nobody adds an image or a model to the subject.
    held = select(Subject.id).where(Subject.id == subject.id).with_for_update()
    if session.scalars(held).one_or_none() is None:
        raise SubjectNotFoundError("You have no subject with this id.")
    erased.locations.add(f"/v1/subjects/{subject.id}")
    images = session.scalars(
        select(Image).where(Image.owner_id == subject.owner_id, Image.subject_id == str(subject.id))
    ).all()
    ids = {image.id for image in images}
    _erase_drawings(session, subject.owner_id, ids, erased)
    _withdraw_datasets(session, subject, images, erased)
    models = session.scalars(select(Model).where(Model.subject_id == subject.id)).all()
    _erase_estimates(session, subject.owner_id, ids, erased)
    trained: list[Model | Generator] = [
        *models,
        *_models_of_others(session, subject, erased),
        *_generators_of(session, subject, ids, erased),
    ]
    for row in trained:
        erase_trained(session, row, erased)
    for image in images:
        erased.refer(image.sha256)
        erased.locations.add(f"/v1/images/{image.id}")
        session.delete(image)
    erased.images = len(images)
    _forget_answers(session, subject.owner_id, erased)
    session.flush()
    session.delete(subject)
    return erased


def erase_trained(session: Session, row: Model | Generator, erased: Erased) -> None:
    """Take away a model or a generator with its job, leaving no row.

    What a person's own model read is about that person and goes too.
    """
    if isinstance(row, Model) and row.subject_id is not None:
        query = select(Estimate).where(
            Estimate.owner_id == row.owner_id, Estimate.model == str(row.id)
        )
        for estimate in session.scalars(query).all():
            erase_estimate(session, estimate, erased)
        _forget_answers(session, row.owner_id, erased)
    if isinstance(row, Model):
        _erase_evaluations(session, row, erased)
    erased.refer(row.checkpoint_sha256)
    erased.locations.add(f"/v1/{row.__tablename__}/{row.id}")
    if isinstance(row, Generator):
        erased.refer(row.state_sha256)
        erased.generators += 1
    else:
        erased.models += 1
    job_id = row.job_id
    session.delete(row)
    session.flush()
    if job_id is not None:
        session.execute(delete(Job).where(Job.id == job_id))


def _forget_answers(session: Session, owner_id: uuid.UUID, erased: Erased) -> None:
    """Forget what requests were answered about what is gone."""
    session.execute(
        delete(IdempotencyRecord).where(
            IdempotencyRecord.owner_id == owner_id,
            IdempotencyRecord.location.in_(erased.locations),
        )
    )


def _erase_drawings(
    session: Session, owner_id: uuid.UUID, ids: set[uuid.UUID], erased: Erased
) -> None:
    for row in session.scalars(select(ExpressionSet).where(ExpressionSet.owner_id == owner_id)):
        theirs = {text for text in row.image_ids if uuid.UUID(text) in ids}
        if not theirs:
            continue
        _take_away(session, row.job_id)
        items = session.scalars(
            select(ExpressionItem).where(
                ExpressionItem.set_id == row.id, ExpressionItem.image_id.in_(ids)
            )
        ).all()
        for item in items:
            erased.refer(item.face_sha256, item.photo_sha256)
            session.delete(item)
        erased.drawings += len(items)
        erased.locations.add(f"/v1/expressions/{row.id}")
        session.flush()
        if theirs == set(row.image_ids):
            session.delete(row)
            session.flush()
            session.execute(delete(Job).where(Job.id == row.job_id))
        else:
            row.image_ids = [NOBODY if text in theirs else text for text in row.image_ids]


def _withdraw_datasets(
    session: Session, subject: Subject, images: Sequence[Image], erased: Erased
) -> None:
    ids = {str(image.id) for image in images}
    for row in session.scalars(select(Dataset).where(Dataset.owner_id == subject.owner_id)):
        if not ids & set(row.image_ids or []):
            continue
        places = [place for place, text in enumerate(row.image_ids or []) if text not in ids]
        erased.refer(row.archive_sha256, row.preview_sha256, *corpora.stop(session, row.job_id))
        _take_away(session, row.job_id)
        row.spec = _without(row.spec, places)
        row.image_ids = [row.image_ids[place] for place in places] if row.image_ids else []
        row.archive_sha256 = row.preview_sha256 = row.archive_size = row.address = None
        row.balance, row.pixel_check, row.notes, row.images = None, None, [], 0
        row.withdrawn_at = erased.at
        erased.datasets.append(row.id)
        erased.locations.add(f"/v1/datasets/{row.id}")


def _models_of_others(session: Session, subject: Subject, erased: Erased) -> list[Model]:
    """Those that learned from a dataset with the subject in it, and what learned on from them."""
    left = [
        row
        for row in session.scalars(select(Model).where(Model.owner_id == subject.owner_id))
        if row.subject_id != subject.id
    ]
    datasets = {str(dataset_id) for dataset_id in erased.datasets}
    found = [row for row in left if datasets & set(_learnt_from(row))]
    names = {str(row.id) for row in found}
    while more := [row for row in left if row.base in names and str(row.id) not in names]:
        found += more
        names |= {str(row.id) for row in more}
    return found


def _learnt_from(row: Model) -> list[str]:
    """The ids of the datasets that taught or chose a model."""
    options = row.options
    named = [*options.get("datasets", []), *options.get("choose_by", [])]
    return [str(options.get("dataset_id")), *(str(each["id"]) for each in named)]


def _generators_of(
    session: Session, subject: Subject, ids: set[uuid.UUID], erased: Erased
) -> list[Generator]:
    """Those that learned from images of the subject: a network may remember faces."""
    images = {str(image_id) for image_id in ids}
    return [
        row
        for row in session.scalars(select(Generator).where(Generator.owner_id == subject.owner_id))
        if images & set(row.image_ids or []) or row.dataset_id in erased.datasets
    ]


def _without(spec: dict[str, Any], places: Iterable[int]) -> dict[str, Any]:
    return {**spec, "images": [spec["images"][place] for place in places]}


def _erase_estimates(
    session: Session, owner_id: uuid.UUID, ids: set[uuid.UUID], erased: Erased
) -> None:
    of_images = select(EstimateItem.estimate_id).where(EstimateItem.image_id.in_(ids))
    query = select(Estimate).where(Estimate.owner_id == owner_id, Estimate.id.in_(of_images))
    for row in session.scalars(query).all():
        erase_estimate(session, row, erased)


def erase_estimate(session: Session, row: Estimate, erased: Erased) -> None:
    """Take away an estimate with its job, leaving no row."""
    items = session.scalars(select(EstimateItem).where(EstimateItem.estimate_id == row.id)).all()
    for item in items:
        erased.refer(item.sha256)
        session.delete(item)
    erased.locations.add(f"/v1/estimates/{row.id}")
    erased.estimates += 1
    job_id = row.job_id
    session.flush()
    session.delete(row)
    session.flush()
    session.execute(delete(Job).where(Job.id == job_id))


def _erase_evaluations(session: Session, model: Model, erased: Erased) -> None:
    """Take away what a model that goes was found to read, alone or against another."""
    name = str(model.id)
    query = select(Evaluation).where(
        Evaluation.owner_id == model.owner_id,
        (Evaluation.model == name) | (Evaluation.against == name),
    )
    for row in session.scalars(query).all():
        erase_evaluation(session, row, erased)
    _forget_answers(session, model.owner_id, erased)


def erase_evaluation(session: Session, row: Evaluation, erased: Erased) -> None:
    """Take away an evaluation with its job, leaving no row."""
    erased.locations.add(f"/v1/evaluations/{row.id}")
    job_id = row.job_id
    session.delete(row)
    session.flush()
    session.execute(delete(Job).where(Job.id == job_id))


def _take_away(session: Session, job_id: uuid.UUID) -> None:
    """End a job at once; whoever works on it finds that it has lost its lease."""
    session.execute(
        update(Job)
        .where(Job.id == job_id, Job.state.not_in(ENDED))
        .values(
            state=CANCELLED,
            cancel_requested=True,
            finished_at=now(),
            lease_token=None,
            lease_holder=None,
            lease_expires_at=None,
        )
    )
