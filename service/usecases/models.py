"""Models: the one that ships, and those that owners have made, trained or uploaded."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy.orm import Session

from models import checkpoints
from models.assets import AssetError
from models.checkpoint_zip import unzipped, zipped
from models.checkpoints import Checkpoint
from models.estimators.config import EstimatorConfig
from models.estimators.onnx_graph import onnx_model
from models.estimators.shipped import shipped_checkpoint, shipped_estimators
from models.facs import SUPPORTED_AUS
from models.personalisation.recipes import default_method
from service.artifacts import ArtifactStore
from service.config import Settings
from service.db.ids import parse_id
from service.db.repositories import Images, Models, Page
from service.db.tables import Job, Model, Subject
from service.errors.images import ImageNotFoundError, SeveralFacesError
from service.errors.jobs import NotReadyError
from service.errors.models import ModelNotFoundError, ShippedModelError, UnsuitableBaseModelError
from service.errors.operation import UnavailableError
from service.errors.requests import InvalidRequestError
from service.errors.resources import ResourceExpiredError
from service.errors.subjects import NotOfThisSubjectError
from service.errors.targets import UnknownActionUnitError
from service.jobs.contracts import PERSONALISE, TRAIN
from service.usecases import datasets, subjects, trained
from service.usecases.erasure import Erased, erase_trained
from service.usecases.images import expiry, has_expired
from service.usecases.jobs import page_with_jobs
from service.wire.models import PersonaliseRequest, TrainRequest


@dataclass(frozen=True, eq=False)
class Shipped:
    """A model that ships: its checkpoint, and the zip of it that is downloaded."""

    name: str
    checkpoint: Checkpoint
    content: bytes
    sha256: str

    @property
    def config(self) -> EstimatorConfig:
        """What the network is."""
        return EstimatorConfig.parse(self.checkpoint.config)


def shipped_names() -> tuple[str, ...]:
    """Names of the models that ship."""
    return shipped_estimators()


@lru_cache(maxsize=4)
def shipped(name: str) -> Shipped:
    """A model that ships.

    Raises:
        UnavailableError: its weights are missing from this installation, or damaged.
    """
    try:
        checkpoint = shipped_checkpoint(name)
    except AssetError as error:
        raise UnavailableError(str(error)) from error
    content = zipped(checkpoint)
    return Shipped(name, checkpoint, content, hashlib.sha256(content).hexdigest())


def get(session: Session, owner_id: uuid.UUID, model_id: str) -> tuple[Model, Job | None]:
    """A model of the owner's with the job that makes it.

    Raises:
        ModelNotFoundError, ResourceExpiredError.
    """
    missing = ModelNotFoundError(
        "You have no model with this id, and none of this name ships; these do: "
        f"{', '.join(shipped_names())}."
    )
    return trained.get(Models(session, owner_id), parse_id(model_id), missing, "model")


def made(session: Session, owner_id: uuid.UUID, model_id: str) -> Model:
    """A model of the owner's that is there to be used.

    Raises:
        ModelNotFoundError, ResourceExpiredError.
        NotReadyError, JobCancelledError, JobFailedError: it is not, or never will be.
        ConsentExpiredError: its subject's consent is no longer good.
    """
    model, job = get(session, owner_id, model_id)
    if model.subject_id is not None:
        subjects.consenting(session, owner_id, model.subject_id)
    trained.insist_on_made(model, job, "model")
    return model


def check_usable(session: Session, owner_id: uuid.UUID, model_id: str) -> None:
    """Make sure that a model can be used now; raises as `made` and `shipped` do."""
    if model_id in shipped_names():
        shipped(model_id)
    else:
        made(session, owner_id, model_id)


def page(
    session: Session, owner_id: uuid.UUID, limit: int, before: uuid.UUID | None
) -> tuple[Page[Model], dict[uuid.UUID, Job]]:
    """An owner's models, newest first, and their jobs by id."""
    return page_with_jobs(Models(session, owner_id), limit, before)


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
    """
    subject = subjects.consenting(session, owner_id, subject_id)
    _check_photo(session, subject, asked.image_id)
    config = _base(session, owner_id, asked.base_model, subject)
    method = asked.method or default_method(config.architecture)
    if method != "fine-tune" and config.architecture != "compact":
        raise UnsuitableBaseModelError(
            f"A {config.architecture} reads a face alone, so it cannot be calibrated by one "
            "frame; use method fine-tune.",
            pointer="/method",
        )
    _check_aus(asked.aus, config)
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
    dataset = datasets.built(session, owner_id, asked.dataset_id)
    if dataset.spec.get("format") != "imagefolder":
        raise InvalidRequestError(
            "Training reads datasets of the format imagefolder.", pointer="/dataset_id"
        )
    _check_known(asked.aus)
    architecture = asked.architecture or "compact"
    if asked.base_model is not None:
        config = _base(session, owner_id, asked.base_model, None)
        architecture = asked.architecture or config.architecture
        _check_base(config, architecture, dataset.spec.get("registration", "3d"))
        _check_aus(asked.aus, config)
    return trained.start(
        Models(session, owner_id),
        Model(
            owner_id=owner_id,
            name=asked.name or f"{architecture} on {dataset.spec.get('name', 'a dataset')}",
            method="generic",
            base=asked.base_model,
            options={
                "dataset_id": str(asked.dataset_id),
                "archive": dataset.archive_sha256,
                "architecture": architecture,
                "base_model": asked.base_model,
                "aus": asked.aus,
                "epochs": asked.epochs,
                "seed": asked.seed,
            },
            expires_at=expiry(settings),
        ),
        TRAIN,
        dataset.images,
        request_id,
    )


def read_upload(content: bytes) -> Checkpoint:
    """The checkpoint in a file that was sent; no pickle is read.

    Raises:
        CheckpointProblemError: see its kinds.
    """
    return trained.read_upload(content, _check)


def upload(
    session: Session,
    store: ArtifactStore,
    settings: Settings,
    owner_id: uuid.UUID,
    checkpoint: Checkpoint,
    name: str | None,
) -> Model:
    """Keep a checkpoint that `read_upload` has read."""
    config = EstimatorConfig.parse(checkpoint.config)
    row = Model(
        name=name or f"uploaded {config.architecture}",
        method=config.method,
        config=config.as_json(),
    )
    return trained.keep(Models(session, owner_id), store, settings, checkpoint, row)


def delete(session: Session, owner_id: uuid.UUID, model_id: str) -> set[str]:
    """Take a model away with its job; the blobs it referred to.

    Raises:
        ShippedModelError: it ships.
        ModelNotFoundError, ResourceExpiredError.
    """
    if model_id in shipped_names():
        raise ShippedModelError(f"{model_id} ships with Facsimile and stays.")
    model, _ = get(session, owner_id, model_id)
    erased = Erased(model.id)
    erase_trained(session, model, erased)
    return erased.addresses


def checkpoint_of(store: ArtifactStore, model: Model) -> Checkpoint:
    """The checkpoint of a model that is made.

    Raises:
        ArtifactError, CheckpointError: its bytes are missing or damaged.
    """
    return unzipped(store.read(str(model.checkpoint_sha256)))


def _check(checkpoint: Checkpoint) -> None:
    config = EstimatorConfig.parse(checkpoint.config)
    if config.normalisation != "none":
        raise checkpoints.CheckpointMismatchError(
            f"Models that normalise faces by {config.normalisation} cannot be used here."
        )
    onnx_model(checkpoint)  # every weight is there, and fits


def _check_photo(session: Session, subject: Subject, image_id: uuid.UUID) -> None:
    image = Images(session, subject.owner_id).get(image_id)
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
    if name in shipped_names():
        return shipped(name).config
    model = made(session, owner_id, name)
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
    return EstimatorConfig.parse(_config(model))


def _config(model: Model) -> dict[str, Any]:
    if model.config is None:
        raise NotReadyError("The model is still being made; try again later.")
    return model.config


def _check_base(config: EstimatorConfig, architecture: str, registration: str) -> None:
    if (config.architecture, config.registration) != (architecture, registration):
        raise UnsuitableBaseModelError(
            f"The base model is a {config.architecture} for faces registered in "
            f"{config.registration}; the dataset has faces registered in {registration}, and the "
            f"model to train is a {architecture}.",
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
