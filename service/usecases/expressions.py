"""Asking for expressions: every image of a request with every target of it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sqlalchemy.orm import Session

from models.facs import Target
from service.config import Settings
from service.db.ids import new_id
from service.db.repositories import ExpressionSets, Images, Jobs
from service.db.tables import ExpressionItem, ExpressionSet, Image, Job
from service.errors.base import ProblemError
from service.errors.expressions import (
    ExpressionSetNotFoundError,
    ItemNotFoundError,
    TooManyItemsError,
)
from service.errors.images import FaceIndexError, ImageNotFoundError
from service.errors.jobs import JobCancelledError, JobFailedError, NotReadyError
from service.errors.resources import ResourceExpiredError
from service.jobs.contracts import CANCELLED, EXPRESSIONS, FAILED
from service.jobs.queue import enqueue
from service.usecases import subjects
from service.usecases.images import expiry, has_expired

Output = Literal["face", "photo"]


@dataclass(frozen=True)
class Options:
    """How the drawings of a set are to be made."""

    generator: str
    registration: str
    output: tuple[Output, ...]
    face: int | None
    seed: int
    sources: tuple[Target | None, ...] = ()
    """What each image is said to show, None where it is to be read; empty for all to be read."""


def images_of(session: Session, owner_id: uuid.UUID, image_ids: Sequence[uuid.UUID]) -> list[Image]:
    """The images a request names, in its order.

    Raises:
        ImageNotFoundError, ResourceExpiredError: names the first that cannot be had.
        ConsentExpiredError: of a subject in one of them.
    """
    found = Images(session, owner_id).held(image_ids)
    for index, image_id in enumerate(image_ids):
        pointer = f"/image_ids/{index}"
        if image_id not in found:
            raise ImageNotFoundError(f"You have no image {image_id}.", pointer=pointer)
        if has_expired(found[image_id].expires_at):
            raise ResourceExpiredError(
                f"Image {image_id} has expired; upload the photo again.", pointer=pointer
            )
    subjects.check_images(session, owner_id, list(found.values()))
    return [found[image_id] for image_id in image_ids]


def check_size(images: int, targets: int, settings: Settings) -> None:
    """Raise `TooManyItemsError` when a request asks for more drawings than it may."""
    if images * targets > settings.max_items:
        raise TooManyItemsError(
            f"{images:,} images times {targets:,} targets are {images * targets:,} drawings; one "
            f"request may ask for {settings.max_items:,}. Split it over several requests.",
            limit=settings.max_items,
        )


def check_face(faces: int, face: int | None, label: str) -> None:
    """Raise `FaceIndexError` when an image has too few faces for the index `face`."""
    if face is not None and face >= faces:
        raise FaceIndexError(
            f"{label} shows {faces} face{'s' if faces > 1 else ''}, so there is no face {face}; "
            "faces count from 0, the largest first.",
            faces=faces,
        )


def create(
    session: Session,
    settings: Settings,
    owner_id: uuid.UUID,
    images: Sequence[Image],
    targets: Sequence[Target],
    options: Options,
    request_id: str | None,
) -> tuple[ExpressionSet, Job]:
    """Make the rows of a set and of its job, and note the job to be sent after commit."""
    for image in images:
        check_face(len(image.faces), options.face, image.filename or f"Image {image.id}")
    set_id = new_id()
    total = len(images) * len(targets)
    job = Jobs(session, owner_id).start(EXPRESSIONS, set_id, request_id, total)
    expression_set = ExpressionSets(session, owner_id).add(
        ExpressionSet(
            id=set_id,
            owner_id=owner_id,
            job_id=job.id,
            image_ids=[str(image.id) for image in images],
            targets=[target.as_dict() for target in targets],
            sources=_stated(options.sources),
            generator=options.generator,
            registration=options.registration,
            output=list(options.output),
            face=options.face,
            seed=options.seed,
            expires_at=expiry(settings),
        )
    )
    enqueue(session, job)
    return expression_set, job


def _stated(sources: Sequence[Target | None]) -> list[dict[str, float] | None] | None:
    if all(source is None for source in sources):
        return None
    return [None if source is None else source.as_dict() for source in sources]


def get(
    session: Session, owner_id: uuid.UUID, set_id: uuid.UUID | None
) -> tuple[ExpressionSet, Job, Sequence[ExpressionItem]]:
    """A set with its job and its finished items.

    Raises:
        ExpressionSetNotFoundError, ResourceExpiredError.
    """
    sets = ExpressionSets(session, owner_id)
    expression_set, job = _get(sets, set_id)
    return expression_set, job, sets.items(expression_set)


def item_artifact(
    session: Session, owner_id: uuid.UUID, set_id: uuid.UUID | None, index: int, output: Output
) -> str:
    """The SHA-256 of one drawing.

    Raises:
        ExpressionSetNotFoundError, ResourceExpiredError, ItemNotFoundError.
        NotReadyError, JobCancelledError, JobFailedError: it has not been, or never will be, drawn.
    """
    sets = ExpressionSets(session, owner_id)
    expression_set, job = _get(sets, set_id)
    if not 0 <= index < job.total:
        raise ItemNotFoundError(
            f"This set has {job.total:,} items, numbered from 0; there is no item {index}."
        )
    if output not in expression_set.output:
        raise ItemNotFoundError(
            f"This set was asked for {' and '.join(expression_set.output)} only."
        )
    item = sets.item(expression_set, index)
    if item is None:
        raise _missing_item(job, index)
    sha256 = item.face_sha256 if output == "face" else item.photo_sha256
    if sha256 is None:
        raise ItemNotFoundError(f"Item {index} has no {output}.")
    return sha256


def _get(sets: ExpressionSets, set_id: uuid.UUID | None) -> tuple[ExpressionSet, Job]:
    expression_set = None if set_id is None else sets.get(set_id)
    job = None if expression_set is None else sets.session.get(Job, expression_set.job_id)
    if expression_set is None or job is None:
        raise ExpressionSetNotFoundError("You have no expression set with this id.")
    if has_expired(expression_set.expires_at):
        raise ResourceExpiredError("This expression set has expired; ask for it again.")
    return expression_set, job


def _missing_item(job: Job, index: int) -> ProblemError:
    if job.state == CANCELLED:
        return JobCancelledError(
            f"The job was cancelled after {job.done} of {job.total} items, before item {index}."
        )
    if job.state == FAILED:
        return JobFailedError(
            f"The job failed after {job.done} of {job.total} items, before item {index}; "
            "its error says why."
        )
    return NotReadyError(f"Item {index} is not drawn yet; try again in a second.")
