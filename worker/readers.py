"""The models that estimates are made with, as one worker process keeps them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models.assets import AssetError
from models.checkpoint_zip import unzipped
from models.checkpoints import Checkpoint, CheckpointError
from models.estimators.reader import Reader
from models.estimators.readings import TOO_SMALL
from models.estimators.shipped import shipped_checkpoint, shipped_estimators
from models.identity.network import LENGTH
from models.identity.recogniser import recogniser
from models.images import ImageError, ImageLimits, decode_image
from models.registration import SMALLEST_READ, LocatedFace, Registrar, RegistrationError
from models.registration.face import RegisteredFace, RegistrationKind
from service.db import tables
from worker.threads import share_of_cores
from worker.work import JobFailedError, Work


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A model ready to read, and its subject's descriptor where it has one."""

    reader: Reader
    person: npt.NDArray[np.float32] | None


@dataclass(frozen=True, eq=False)
class FoundFace:
    """The largest face of a photo: where it is, and registered."""

    located: LocatedFace
    registered: RegisteredFace


def load_model(work: Work, model_id: str) -> LoadedModel:
    """The model of a name or an id; the last few are kept.

    Raises:
        JobFailedError: it is gone, or its bytes are damaged.
    """
    if model_id in shipped_estimators():
        reader = work.models.recent.get(
            ("reader", model_id), lambda: Reader(_shipped(model_id), _threads(work))
        )
        return LoadedModel(reader, None)
    with work.database.read() as session:
        row = session.get(tables.Model, uuid.UUID(model_id))
        if row is None or row.checkpoint_sha256 is None:
            raise JobFailedError("model-not-found", "No such model", "The model was deleted.")
        sha256 = row.checkpoint_sha256
    person = work.models.recent.get(("person", sha256), lambda: _person(work, model_id))
    reader = work.models.recent.get(
        ("reader", sha256), lambda: Reader(_stored(work, sha256), _threads(work))
    )
    return LoadedModel(reader, person)


def _person(work: Work, model_id: str) -> npt.NDArray[np.float32] | None:
    """The descriptor of a model's subject, None of a model that has none.

    Models made before there were descriptors kept the shape of the face; their subject is
    described anew while the photo is there, and is not checked after.
    """
    with work.database.read() as session:
        row = session.get_one(tables.Model, uuid.UUID(model_id))
        if row.person is None or len(row.person) == LENGTH:
            return None if row.person is None else np.asarray(row.person, np.float32)
        image = session.get(tables.Image, uuid.UUID(row.options["image_id"]))
        if image is None or image.erased_at is not None:
            return None
        photo, label = image.sha256, image.filename or str(image.id)
    face = registered(work, work.store.read(photo), "3d", label)
    return recogniser().describe([face])[0] if isinstance(face, RegisteredFace) else None


def found_face(
    work: Work, data: bytes, kind: RegistrationKind, label: str
) -> FoundFace | dict[str, Any]:
    """The largest face of a photo, or why there is none as ``{"code", "detail"}``."""
    limits = ImageLimits(work.settings.max_image_pixels, work.settings.max_image_side)
    registrar = work.models.registrar
    try:
        with work.timings.stage("decode"):
            photo = decode_image(data, limits).rgb
        with work.timings.stage("register"):
            located = registrar.find(photo)
            return FoundFace(located, registrar.register(photo, kind=kind, face=located))
    except (ImageError, RegistrationError) as error:
        return {"code": error.code, "detail": f"{label}: {error}"}


def registered(
    work: Work, data: bytes, kind: RegistrationKind, label: str
) -> RegisteredFace | dict[str, Any]:
    """The same, registered alone."""
    face = found_face(work, data, kind, label)
    return face.registered if isinstance(face, FoundFace) else face


def too_small(face: FoundFace, label: str) -> dict[str, Any] | None:
    """The problem with a face of too few pixels for its action units to be read."""
    if not face.located.too_small:
        return None
    return {
        "code": TOO_SMALL,
        "detail": f"{label}: the face is {face.located.box[2]:.0f} pixels wide; faces are read "
        f"from {SMALLEST_READ:.0f} pixels on.",
    }


def described_face(face: FoundFace, registrar: Registrar) -> dict[str, Any]:
    """Where a face is in its photo and where it looks, as images have it, and whether it is one."""
    located = face.located
    gaze = registrar.gaze(face.registered.photo, located.mesh)
    return {
        "box": [round(side, 1) for side in located.box],
        "yaw": round(located.pose.yaw, 1),
        "pitch": round(located.pose.pitch, 1),
        "roll": round(located.pose.roll, 1),
        "gaze": None if gaze is None else gaze.as_json(),
        "confidence": round(located.score, 3),
        **located.visibility.as_json(),
    }


def _shipped(name: str) -> Checkpoint:
    try:
        return shipped_checkpoint(name)
    except AssetError as error:
        raise JobFailedError("unavailable", "The service is not available", str(error)) from error


def _stored(work: Work, sha256: str) -> Checkpoint:
    try:
        return unzipped(work.store.read(sha256))
    except CheckpointError as error:
        raise JobFailedError(error.code, "The checkpoint cannot be used", str(error)) from error


def _threads(work: Work) -> int:
    return share_of_cores(work.settings.worker_concurrency)
