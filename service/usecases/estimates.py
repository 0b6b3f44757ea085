"""Reading AU intensities from images: asked for here, read by a worker."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Final

from sqlalchemy.orm import Session

from service.artifacts import ArtifactStore, address_of
from service.config import Settings
from service.db.blobs import lock_shared
from service.db.ids import new_id
from service.db.repositories import Estimates, Jobs
from service.db.tables import Estimate, EstimateItem, Image, Job
from service.errors.estimates import EstimateNotFoundError
from service.errors.expressions import TooManyItemsError
from service.errors.images import EmptyImageError
from service.errors.resources import ResourceExpiredError
from service.jobs.contracts import ESTIMATE, job_error
from service.jobs.queue import enqueue
from service.usecases import models
from service.usecases.images import Upload, expiry, has_expired

_NAME_LENGTH: Final = 255


def create(
    session: Session,
    store: ArtifactStore,
    settings: Settings,
    owner_id: uuid.UUID,
    model_id: str,
    sources: Sequence[Upload | Image],
    any_person: bool,
    request_id: str | None,
) -> tuple[Estimate, Job]:
    """Make the rows of an estimate and of its job, and note the job to be sent after commit.

    Files that are sent along are kept until they are read, and no longer.

    Raises:
        TooManyItemsError.
        As `models.check_usable`: the model.
    """
    if len(sources) > settings.max_items:
        raise TooManyItemsError(
            f"{len(sources):,} images are too many; one request may name {settings.max_items:,}.",
            limit=settings.max_items,
        )
    models.check_usable(session, owner_id, model_id)
    estimate_id = new_id()
    job = Jobs(session, owner_id).start(ESTIMATE, estimate_id, request_id, len(sources))
    estimate = Estimates(session, owner_id).add(
        Estimate(
            id=estimate_id,
            owner_id=owner_id,
            job_id=job.id,
            model=model_id,
            any_person=any_person,
            expires_at=expiry(settings),
        )
    )
    lock_shared(session, [address_of(of.data) for of in sources if isinstance(of, Upload)])
    for index, source in enumerate(sources):
        item = EstimateItem(estimate_id=estimate_id, index=index)
        if isinstance(source, Upload):
            _fill(item, source, store)
        else:
            item.file, item.image_id = source.filename or str(source.id), source.id
        session.add(item)
    session.flush()
    enqueue(session, job)
    return estimate, job


def get(
    session: Session, owner_id: uuid.UUID, estimate_id: uuid.UUID | None
) -> tuple[Estimate, Job, Sequence[EstimateItem]]:
    """An estimate with its job and its items.

    Raises:
        EstimateNotFoundError, ResourceExpiredError.
    """
    estimates = Estimates(session, owner_id)
    estimate = None if estimate_id is None else estimates.get(estimate_id)
    if estimate is None:
        raise EstimateNotFoundError("You have no estimate with this id.")
    if estimate.erased_at is not None or has_expired(estimate.expires_at):
        raise ResourceExpiredError("This estimate has expired; ask for it again.")
    return estimate, session.get_one(Job, estimate.job_id), estimates.items(estimate)


def _fill(item: EstimateItem, upload: Upload, store: ArtifactStore) -> None:
    item.file = upload.label[:_NAME_LENGTH]
    if upload.data:
        item.sha256 = store.put(upload.data).sha256
        return
    problem = EmptyImageError
    item.result = {"error": job_error(problem.code, problem.title, f"{upload.label} has no bytes.")}
