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
from service.db.tables import Image, Model
from worker.generators import generator_of
from worker.person_check import TITLE, looks_like_another, signature_of
from worker.readers import FoundFace, found_face, load_model, registered, too_small
from worker.training_parts import need_torch, store_checkpoint
from worker.work import JobFailedError, Work, YieldRequestedError

OTHERS_LOOKED_AT = 4
"""Other photos of the subject that the reference is held against, newest first."""


@dataclass(frozen=True)
class _Plan:
    """What is to be made, read once from the rows."""

    method: str
    base: str
    photo: tuple[str, str]
    more: tuple[tuple[str, str], ...]
    others: tuple[tuple[str, str], ...]
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
            _insist_on_same(face, other, photo[1])
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
            more.append((further.sha256, further.filename or image_id))
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
            (image.sha256, image.filename or str(image.id)),
            tuple(more),
            tuple((other.sha256, other.filename or str(other.id)) for other in others),
            row.options["recipe"],
            row.options.get("generator", "rig"),
            int(row.options["seed"]),
        )


def _registered(work: Work, photo: tuple[str, str], kind: RegistrationKind) -> RegisteredFace:
    sha256, label = photo
    face = found_face(work, work.store.read(sha256), kind, label)
    if isinstance(face, FoundFace):
        problem = too_small(face, label)
        if problem is None:
            return face.registered
        face = problem
    raise JobFailedError(face["code"], "The photo cannot be used", face["detail"])


def _check_person(work: Work, plan: _Plan, face: RegisteredFace) -> None:
    """Hold the reference against the subject's other photos; one that agrees is enough."""
    problems = []
    person = np.asarray(signature_of(face), np.float32)
    for photo in plan.others:
        other = registered(work, work.store.read(photo[0]), "3d", photo[1])
        if not isinstance(other, RegisteredFace):
            continue
        problem = looks_like_another(other, person, f"{plan.photo[1]}, beside {photo[1]}")
        if problem is None:
            return
        problems.append(problem)
    if problems:
        raise JobFailedError(problems[0]["code"], TITLE, problems[0]["detail"])


def _insist_on_same(face: RegisteredFace, other: RegisteredFace, label: str) -> None:
    problem = looks_like_another(other, np.asarray(signature_of(face), np.float32), label)
    if problem is not None:
        raise JobFailedError(problem["code"], TITLE, problem["detail"])


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
