"""Models: the one that ships, and those that owners have made, trained or uploaded."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy.orm import Session

from models.assets import AssetError
from models.checkpoint_zip import unzipped, zipped
from models.checkpoints import Checkpoint
from models.estimators.config import EstimatorConfig
from models.estimators.onnx_graph import onnx_model
from models.estimators.shipped import shipped_checkpoint, shipped_estimators
from service.artifacts import ArtifactStore
from service.config import Settings
from service.db.ids import parse_id
from service.db.repositories import Models, Page
from service.db.tables import Job, Model
from service.errors.jobs import NotReadyError
from service.errors.models import ModelNotFoundError, ReferenceNeededError, ShippedModelError
from service.errors.operation import UnavailableError
from service.usecases import subjects, trained
from service.usecases.jobs import page_with_jobs
from service.usecases.traces import Erased, erase_trained


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
    """Make sure that a model can read faces now.

    Raises:
        ReferenceNeededError: it reads faces as differences, and is of no person.
        As `made` and `shipped`.
    """
    if model_id in shipped_names():
        shipped(model_id)
        return
    model = made(session, owner_id, model_id)
    normalisation = config_of(model).get("normalisation", "none")
    if normalisation != "none" and model.method == "generic":
        raise ReferenceNeededError(
            f"This model reads faces as differences from a person's own ({normalisation}); fit it "
            "to a subject by their photos first (POST /v1/subjects/{id}/models)."
        )


def page(
    session: Session, owner_id: uuid.UUID, limit: int, before: uuid.UUID | None
) -> tuple[Page[Model], dict[uuid.UUID, Job]]:
    """An owner's models, newest first, and their jobs by id."""
    return page_with_jobs(Models(session, owner_id), limit, before)


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
    erased = Erased()
    erase_trained(session, model, erased)
    return erased.addresses


def checkpoint_of(store: ArtifactStore, model: Model) -> Checkpoint:
    """The checkpoint of a model that is made.

    Raises:
        ArtifactError, CheckpointError: its bytes are missing or damaged.
    """
    return unzipped(store.read(str(model.checkpoint_sha256)))


def _check(checkpoint: Checkpoint) -> None:
    onnx_model(checkpoint)  # every weight is there, and fits


def config_of(model: Model) -> dict[str, Any]:
    """What a model's network is, as JSON.

    Raises:
        NotReadyError: it is still being made.
    """
    if model.config is None:
        raise NotReadyError("The model is still being made; try again later.")
    return model.config
