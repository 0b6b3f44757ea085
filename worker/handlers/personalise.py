"""Fitting a model to one person from one photo."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import select

from models.checkpoints import Checkpoint
from models.estimators.reader import NoComparisonError, Reader
from models.generators.config import UndrawableTargetError
from models.normalisation.mean_texture import mean_texture
from models.registration.face import RegisteredFace, RegistrationKind
from service.db.blobs import remove_unneeded
from service.db.tables import Image, Model
from service.db.types import now
from worker.generators import generator_of
from worker.person_check import CODE, TITLE, looks_like_another, signature_of
from worker.readers import FoundFace, found_face, load_model, registered, too_small
from worker.training_parts import need_torch, store_checkpoint
from worker.work import JobFailedError, Work, YieldRequestedError

OTHERS_LOOKED_AT = 4
"""Other photos of the subject that the reference is held against, newest first."""


@dataclass(frozen=True)
class _Photo:
    """A photo of the subject, and how messages name it."""

    id: uuid.UUID
    sha256: str
    label: str


@dataclass(frozen=True)
class _Plan:
    """What is to be made, read once from the rows."""

    method: str
    base: str
    photo: _Photo
    more: tuple[_Photo, ...]
    others: tuple[_Photo, ...]
    recipe: str | None
    generator: str
    seed: int


def make_personal(work: Work) -> None:
    """Make the model of a person.

    Raises:
        JobFailedError: the photo, the base model or this worker will not do.
        LeaseLostError, CancelRequestedError, YieldRequestedError.
    """
    plan = _plan(work)
    if plan is None:
        return
    base = load_model(work, plan.base).reader
    work.stage("registering")
    face = _registered(work, plan.photo, base.config.registration)
    _check_person(work, plan, face)
    if plan.method == "one-frame":
        work.stage("calibrating")
        more = [_registered(work, photo, base.config.registration) for photo in plan.more]
        for photo, other in zip(plan.more, more, strict=True):
            _insist_on_same(work, face, photo, other)
        made, steps = _calibrated(base, [face, *more]).checkpoint, work.job.total
    else:
        work.stage("fine-tuning")
        made, steps = _fine_tuned(work, plan, base.checkpoint, face)
    store_checkpoint(work, Model, made, None, steps, person=signature_of(face))


def _plan(work: Work) -> _Plan | None:
    """None when the model is there already."""
    with work.database.read() as session:
        row = session.get_one(Model, work.job.resource_id)
        if row.checkpoint_sha256 is not None:
            return None
        if (refusal := row.options.get("refusal")) is not None:
            raise JobFailedError(CODE, TITLE, refusal)
        image = session.get(Image, uuid.UUID(row.options["image_id"]))
        if image is None or image.erased_at is not None:
            raise JobFailedError(
                "resource-expired", "The resource has expired", "The photo has expired."
            )
        more = []
        for image_id in row.options.get("more_image_ids", []):
            further = session.get(Image, uuid.UUID(image_id))
            if further is None or further.erased_at is not None:
                raise JobFailedError(
                    "resource-expired", "The resource has expired", "A photo has expired."
                )
            more.append(_photo(further))
        others = session.scalars(
            select(Image)
            .where(
                Image.owner_id == work.job.owner_id,
                Image.subject_id == image.subject_id,
                Image.id != image.id,
                Image.sha256 != image.sha256,
                Image.erased_at.is_(None),
            )
            .order_by(Image.id.desc())
            .limit(OTHERS_LOOKED_AT)
        ).all()
        return _Plan(
            row.method,
            row.base or "compact",
            _photo(image),
            tuple(more),
            tuple(_photo(other) for other in others),
            row.options["recipe"],
            row.options.get("generator", "rig"),
            int(row.options["seed"]),
        )


def _photo(image: Image) -> _Photo:
    return _Photo(image.id, image.sha256, image.filename or str(image.id))


def _registered(work: Work, photo: _Photo, kind: RegistrationKind) -> RegisteredFace:
    face = found_face(work, work.store.read(photo.sha256), kind, photo.label)
    if isinstance(face, FoundFace):
        problem = too_small(face, photo.label)
        if problem is None:
            return face.registered
        face = problem
    raise JobFailedError(face["code"], "The photo cannot be used", face["detail"])


def _check_person(work: Work, plan: _Plan, face: RegisteredFace) -> None:
    """Hold the reference against the subject's other photos; one that agrees is enough.

    A photo that is refused is not kept: it shows somebody who did not agree to that, and it would
    have the subject's own photos refused beside it.
    """
    refusals = []
    person = np.asarray(signature_of(face), np.float32)
    for photo in plan.others:
        other = registered(work, work.store.read(photo.sha256), "3d", photo.label)
        if not isinstance(other, RegisteredFace):
            continue
        problem = looks_like_another(other, person, f"{plan.photo.label}, beside {photo.label}")
        if problem is None:
            return
        refusals.append(
            f"{problem['detail']} The photo is not kept. Should it be {photo.label} (image "
            f"{photo.id}) that shows somebody else, delete that image and send this one again."
        )
    if refusals:
        _forget_photo(work, plan.photo, refusals[0])
        raise JobFailedError(CODE, TITLE, refusals[0])


def _forget_photo(work: Work, photo: _Photo, refusal: str) -> None:
    """Keep of a photo that it was refused, and nothing else.

    Its row stays, marked as erased, so that what may have been drawn from it goes with the subject.
    A second run of this job, after a worker was killed here, says the same.
    """
    with work.database.write() as session:
        work.lease.update(session)
        model = session.get_one(Model, work.job.resource_id)
        model.options = {**model.options, "refusal": refusal}
        image = session.get(Image, photo.id)
        if image is not None:
            image.faces, image.filename = [], None
            image.erased_at = image.expires_at = now()
    remove_unneeded(work.database, work.store, [photo.sha256])


def _insist_on_same(work: Work, face: RegisteredFace, photo: _Photo, other: RegisteredFace) -> None:
    problem = looks_like_another(other, np.asarray(signature_of(face), np.float32), photo.label)
    if problem is not None:
        refusal = f"{problem['detail']} The photo is not kept."
        _forget_photo(work, photo, refusal)
        raise JobFailedError(CODE, TITLE, refusal)


def _calibrated(base: Reader, faces: Sequence[RegisteredFace]) -> Reader:
    one = faces[0].image if len(faces) == 1 else mean_texture(face.image for face in faces)
    try:
        return base.calibrated(one)
    except NoComparisonError as error:
        raise JobFailedError(
            "unsuitable-base-model", "The base model does not fit", str(error)
        ) from error


def _fine_tuned(
    work: Work, plan: _Plan, base: Checkpoint, face: RegisteredFace
) -> tuple[Checkpoint, int]:
    """The checkpoint, and how many steps it took."""
    need_torch(work, "fine-tuning")
    # Only workers that train load torch, when they do.
    from models.estimators.estimator import from_checkpoint
    from models.personalisation.personalise import personalise
    from models.personalisation.recipes import RECIPES

    steps = 0

    def progress(done: int, total: int) -> None:
        nonlocal steps
        steps = total
        work.lease.check()
        if work.stopping():
            raise YieldRequestedError
        if done % max(1, total // 20) == 0:
            with work.database.write() as session:
                work.lease.update(session, done=done, total=total)

    try:
        tuned = personalise(
            from_checkpoint(base),
            face,
            generator_of(work, plan.generator),
            "both" if plan.method == "both" else "fine-tune",
            None if plan.recipe is None else RECIPES[plan.recipe],
            seed=plan.seed,
            progress=progress,
        )
    except UndrawableTargetError as error:
        raise JobFailedError(error.code, "The person cannot be drawn", str(error)) from error
    return tuned.checkpoint(half=True), steps
