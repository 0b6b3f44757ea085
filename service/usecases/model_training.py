"""Asking for models to be trained, on datasets or for one person."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy.orm import Session

from models.estimators.config import EstimatorConfig
from models.facs import SUPPORTED_AUS, Target
from models.personalisation.recipes import default_method
from service.config import Settings
from service.db.repositories import Images, Models
from service.db.tables import Dataset, Job, Model, Subject
from service.errors.images import ImageNotFoundError, SeveralFacesError
from service.errors.models import UnsuitableBaseModelError
from service.errors.requests import InvalidRequestError
from service.errors.resources import ResourceExpiredError
from service.errors.subjects import NotOfThisSubjectError
from service.errors.targets import UnknownActionUnitError
from service.jobs.contracts import PERSONALISE, TRAIN
from service.usecases import datasets, generators, models, subjects, trained
from service.usecases.images import expiry, has_expired
from service.wire.models import PersonaliseRequest, TrainRequest


def train(
    session: Session,
    settings: Settings,
    owner_id: uuid.UUID,
    asked: TrainRequest,
    request_id: str | None,
) -> tuple[Model, Job]:
    """Have a model trained on a dataset.

    Raises:
        DatasetNotFoundError, DatasetWithdrawnError, ResourceExpiredError, NotReadyError,
        JobFailedError, JobCancelledError: the dataset.
        ModelNotFoundError, UnsuitableBaseModelError, and the others of `made`: the base model.
        UnknownActionUnitError.
    """
    if (asked.dataset_id is None) == (asked.dataset_ids is None):
        raise InvalidRequestError("Name either a dataset_id or dataset_ids.", pointer="/dataset_id")
    named: Sequence[uuid.UUID | None] = asked.dataset_ids or [asked.dataset_id]
    pointer = "/dataset_id" if asked.dataset_ids is None else "/dataset_ids"
    learnt = [_dataset(session, owner_id, each, pointer) for each in named]
    measured = [_dataset(session, owner_id, each, "/choose_by") for each in asked.choose_by]
    registration = learnt[0].spec.get("registration", "3d")
    if any(each.spec.get("registration", "3d") != registration for each in learnt + measured):
        raise InvalidRequestError(
            "Datasets whose faces are registered in 3D and in 2D do not mix.", pointer=pointer
        )
    _check_known(asked.aus)
    architecture, normalisation = asked.architecture or "compact", asked.normalisation or "none"
    if asked.base_model is not None:
        config = _base(session, owner_id, asked.base_model, None)
        architecture = asked.architecture or config.architecture
        normalisation = asked.normalisation or config.normalisation
        _check_base(config, architecture, registration, normalisation)
        _check_aus(asked.aus, config)
    return trained.start(
        Models(session, owner_id),
        Model(
            owner_id=owner_id,
            name=asked.name or f"{architecture} on {learnt[0].spec.get('name', 'a dataset')}",
            method="generic",
            base=asked.base_model,
            options={
                "datasets": [_named(each) for each in learnt],
                "choose_by": [_named(each) for each in measured],
                "architecture": architecture,
                "normalisation": normalisation,
                "base_model": asked.base_model,
                "aus": asked.aus,
                "epochs": asked.epochs,
                "seed": asked.seed,
            },
            expires_at=expiry(settings),
        ),
        TRAIN,
        sum(each.images for each in learnt),
        request_id,
    )


def personalise(
    session: Session,
    settings: Settings,
    owner_id: uuid.UUID,
    subject_id: uuid.UUID | None,
    asked: PersonaliseRequest,
    request_id: str | None,
) -> tuple[Model, Job]:
    """Have a model fitted to a subject.

    Raises:
        SubjectNotFoundError, ConsentExpiredError: the subject.
        ImageNotFoundError, ResourceExpiredError, NotOfThisSubjectError, SeveralFacesError: the
            photo.
        ModelNotFoundError, NotReadyError, JobFailedError, JobCancelledError,
        UnsuitableBaseModelError, UnknownActionUnitError: the base model.
        UnknownGeneratorError, GeneratorNotFoundError, UndrawableTargetError: the generator.
    """
    subject = subjects.consenting(session, owner_id, subject_id)
    for photo in (asked.image_id, *asked.more_image_ids):
        _check_photo(session, subject, photo)
    config = _base(session, owner_id, asked.base_model, subject)
    is_normalised = config.normalisation != "none"
    method = asked.method or ("one-frame" if is_normalised else default_method(config.architecture))
    if is_normalised and method != "one-frame":
        raise UnsuitableBaseModelError(
            "A model of normalised faces is fitted to a person by their photos alone; use method "
            "one-frame.",
            pointer="/method",
        )
    if asked.more_image_ids and not is_normalised:
        raise InvalidRequestError(
            "more_image_ids go with a base model of normalised faces.", pointer="/more_image_ids"
        )
    if method != "fine-tune" and config.architecture != "compact" and not is_normalised:
        raise UnsuitableBaseModelError(
            f"A {config.architecture} reads a face alone, so it cannot be calibrated by one "
            "frame; use method fine-tune.",
            pointer="/method",
        )
    _check_aus(asked.aus, config)
    drawing = generators.usable(session, owner_id, asked.generator)
    if method != "one-frame":
        everything = Target.parse(dict.fromkeys(config.aus, 1))
        generators.check_drawable(drawing, config.registration, [everything])
    return trained.start(
        Models(session, owner_id),
        Model(
            owner_id=owner_id,
            subject_id=subject.id,
            name=asked.name or f"{subject.label[:100]}, {method}",
            method=method,
            base=asked.base_model,
            options={
                "image_id": str(asked.image_id),
                "more_image_ids": [str(each) for each in asked.more_image_ids],
                "generator": asked.generator,
                "recipe": asked.recipe,
                "seed": asked.seed,
            },
            # An end of the consent ends the subject's models with the subject.
            expires_at=expiry(settings),
        ),
        PERSONALISE,
        1,
        request_id,
    )


def _dataset(
    session: Session, owner_id: uuid.UUID, dataset_id: uuid.UUID | None, pointer: str
) -> Dataset:
    dataset = datasets.built(session, owner_id, dataset_id)
    if dataset.spec.get("format") != "imagefolder":
        raise InvalidRequestError(
            "Training reads datasets of the format imagefolder.", pointer=pointer
        )
    return dataset


def _named(dataset: Dataset) -> dict[str, str]:
    """A dataset as a job's options have it: which, and its bytes."""
    return {"id": str(dataset.id), "archive": str(dataset.archive_sha256)}


def _check_photo(session: Session, subject: Subject, image_id: uuid.UUID) -> None:
    image = Images(session, subject.owner_id).held([image_id]).get(image_id)
    if image is None:
        raise ImageNotFoundError(f"You have no image {image_id}.", pointer="/image_id")
    if has_expired(image.expires_at):
        raise ResourceExpiredError(
            f"Image {image_id} has expired; upload the photo again.", pointer="/image_id"
        )
    if image.subject_id != str(subject.id):
        raise NotOfThisSubjectError(
            f"Image {image_id} was not uploaded as one of this subject's, whose consent it needs; "
            f"upload it with subject_id={subject.id}.",
            pointer="/image_id",
        )
    if len(image.faces) != 1:
        raise SeveralFacesError(
            f"{image.filename or 'The image'} shows {len(image.faces)} faces; send a photo of the "
            "subject alone.",
            filename=image.filename,
            faces=len(image.faces),
        )


def _base(
    session: Session, owner_id: uuid.UUID, name: str, subject: Subject | None
) -> EstimatorConfig:
    if name in models.shipped_names():
        return models.shipped(name).config
    model = models.made(session, owner_id, name)
    if model.subject_id is not None and subject is None:
        # What is learnt from a person has to go with them.
        raise UnsuitableBaseModelError(
            "The base model is fitted to one person; train on from a model that is not.",
            pointer="/base_model",
        )
    if subject is not None and model.subject_id not in (None, subject.id):
        raise UnsuitableBaseModelError(
            "The base model is fitted to another person.", pointer="/base_model"
        )
    return EstimatorConfig.parse(models.config_of(model))


def _check_base(
    config: EstimatorConfig, architecture: str, registration: str, normalisation: str
) -> None:
    found = (config.architecture, config.registration, config.normalisation)
    if found != (architecture, registration, normalisation):
        raise UnsuitableBaseModelError(
            f"The base model is a {config.architecture} for faces registered in "
            f"{config.registration}, normalisation {config.normalisation}; the dataset has faces "
            f"registered in {registration}, and the model to train is a {architecture}, "
            f"normalisation {normalisation}.",
            pointer="/base_model",
        )


def _check_aus(aus: Sequence[str] | None, config: EstimatorConfig) -> None:
    _check_known(aus)
    missing = [au for au in aus or () if au not in config.aus]
    if missing:
        raise UnsuitableBaseModelError(
            f"The base model does not read {', '.join(missing)}; it reads {', '.join(config.aus)}.",
            pointer="/base_model",
            available=list(config.aus),
        )


def _check_known(aus: Sequence[str] | None) -> None:
    for au in aus or ():
        if au not in SUPPORTED_AUS:
            raise UnknownActionUnitError(
                f"{au[:20]!r} is not a supported action unit; use {', '.join(SUPPORTED_AUS)}.",
                pointer="/aus",
            )
