"""What came from images, and how it is taken away: rows first, and a note of their blobs."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

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
from service.jobs.contracts import CANCELLED, ENDED
from service.usecases import corpora
from service.wire.subjects import ErasedBlob, Receipt

NOBODY: Final = str(uuid.UUID(int=0))
"""Stands in a set for an image that is no more, so that the others keep their indexes."""


@dataclass
class Erased:
    """What a transaction took away, and the blobs that it referred to."""

    subject_id: uuid.UUID | None = None
    image_id: uuid.UUID | None = None
    at: datetime = field(default_factory=now)
    images: int = 0
    drawings: int = 0
    models: int = 0
    generators: int = 0
    estimates: int = 0
    datasets: list[uuid.UUID] = field(default_factory=list)
    addresses: set[str] = field(default_factory=set)
    kept: dict[str, str] = field(default_factory=dict)
    """Those of the blobs that are still there, and why."""
    locations: set[str] = field(default_factory=set)

    def refer(self, *addresses: str | None) -> None:
        """Note blobs that were referred to."""
        self.addresses.update(address for address in addresses if address is not None)

    def receipt(self) -> Receipt:
        """What its owner is told."""
        return Receipt(
            subject_id=self.subject_id,
            image_id=self.image_id,
            erased_at=self.at,
            images=self.images,
            drawings=self.drawings,
            models=self.models,
            generators=self.generators,
            estimates=self.estimates,
            datasets_withdrawn=self.datasets,
            blobs=[
                ErasedBlob(
                    sha256=address,
                    erased=address not in self.kept,
                    reason=self.kept.get(address),
                )
                for address in sorted(self.addresses)
            ],
        )


def erase_images(
    session: Session,
    owner_id: uuid.UUID,
    images: Sequence[Image],
    erased: Erased,
    subject: Subject | None = None,
) -> None:
    """Take away images and all that came from them, with every model of `subject`.

    Models and generators that learned from the images go too: their cards name the images, and
    weights may remember a face.
    """
    ids = {image.id for image in images}
    _erase_drawings(session, owner_id, ids, erased)
    _withdraw_datasets(session, owner_id, ids, erased)
    _erase_estimates(session, owner_id, ids, erased)
    trained: list[Model | Generator] = [
        *_models_of(session, owner_id, subject, ids, erased),
        *_generators_of(session, owner_id, ids, erased),
    ]
    for row in trained:
        erase_trained(session, row, erased)
    for image in images:
        erased.refer(image.sha256)
        erased.locations.add(f"/v1/images/{image.id}")
        session.delete(image)
    erased.images = len(images)
    forget_answers(session, owner_id, erased)
    session.flush()


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
        forget_answers(session, row.owner_id, erased)
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


def forget_answers(session: Session, owner_id: uuid.UUID, erased: Erased) -> None:
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
        take_away(session, row.job_id)
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
    session: Session, owner_id: uuid.UUID, ids: set[uuid.UUID], erased: Erased
) -> None:
    names = {str(image_id) for image_id in ids}
    for row in session.scalars(select(Dataset).where(Dataset.owner_id == owner_id)):
        if not names & set(row.image_ids or []):
            continue
        places = [place for place, text in enumerate(row.image_ids or []) if text not in names]
        erased.refer(row.archive_sha256, row.preview_sha256, *corpora.stop(session, row.job_id))
        take_away(session, row.job_id)
        row.spec = _without(row.spec, places)
        row.image_ids = [row.image_ids[place] for place in places] if row.image_ids else []
        row.archive_sha256 = row.preview_sha256 = row.archive_size = row.address = None
        row.balance, row.pixel_check, row.notes, row.images = None, None, [], 0
        row.withdrawn_at = erased.at
        erased.datasets.append(row.id)
        erased.locations.add(f"/v1/datasets/{row.id}")


def _models_of(
    session: Session,
    owner_id: uuid.UUID,
    subject: Subject | None,
    ids: set[uuid.UUID],
    erased: Erased,
) -> list[Model]:
    """Those of the subject, fitted by one of the images or learned from a dataset with one in it,
    and what learned on from them."""
    names = {str(image_id) for image_id in ids}
    datasets = {str(dataset_id) for dataset_id in erased.datasets}
    rows = session.scalars(select(Model).where(Model.owner_id == owner_id)).all()
    found = [
        row
        for row in rows
        if (subject is not None and row.subject_id == subject.id)
        or names & set(_fitted_by(row))
        or datasets & set(_learnt_from(row))
    ]
    bases = {str(row.id) for row in found}
    while more := [row for row in rows if row.base in bases and str(row.id) not in bases]:
        found += more
        bases |= {str(row.id) for row in more}
    return found


def _fitted_by(row: Model) -> list[str]:
    """The ids of the photos that a model was fitted to a person by."""
    return [str(row.options.get("image_id")), *row.options.get("more_image_ids", [])]


def _learnt_from(row: Model) -> list[str]:
    """The ids of the datasets that taught or chose a model."""
    options = row.options
    named = [*options.get("datasets", []), *options.get("choose_by", [])]
    return [str(options.get("dataset_id")), *(str(each["id"]) for each in named)]


def _generators_of(
    session: Session, owner_id: uuid.UUID, ids: set[uuid.UUID], erased: Erased
) -> list[Generator]:
    """Those that learned from the images: a network may remember faces."""
    images = {str(image_id) for image_id in ids}
    return [
        row
        for row in session.scalars(select(Generator).where(Generator.owner_id == owner_id))
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
    forget_answers(session, model.owner_id, erased)


def erase_evaluation(session: Session, row: Evaluation, erased: Erased) -> None:
    """Take away an evaluation with its job, leaving no row."""
    erased.locations.add(f"/v1/evaluations/{row.id}")
    job_id = row.job_id
    session.delete(row)
    session.flush()
    session.execute(delete(Job).where(Job.id == job_id))


def take_away(session: Session, job_id: uuid.UUID) -> None:
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
