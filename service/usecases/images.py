"""Taking photos in: what is accepted, and what is noted about each."""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from models import images as codec
from models.registration import SMALLEST_READ, Registrar
from models.registration.face import RegistrationKind
from service.artifacts import ArtifactStore, address_of
from service.config import Settings
from service.db.blobs import lock_shared
from service.db.repositories import Images, Page
from service.db.tables import Image
from service.db.types import now
from service.errors.images import (
    DECODING_PROBLEMS,
    FaceTooSmallError,
    ImageNotFoundError,
    ImageProblemError,
    NoFaceError,
    UnsupportedImageError,
)
from service.errors.resources import ResourceExpiredError

_CODEC_PROBLEMS: Final[dict[str, type[ImageProblemError]]] = {
    problem.code: problem for problem in DECODING_PROBLEMS
}


_DECODING: Final = threading.BoundedSemaphore(4)
"""Photos decoded at a time, whatever the number of requests: 4 * 50 megapixels * 3 B = 600 MB."""


@dataclass(frozen=True)
class Upload:
    """A file as it came: its bytes, and the name its sender gave it."""

    data: bytes
    filename: str | None = None

    @property
    def label(self) -> str:
        """How messages name the file."""
        return self.filename or "the image"


@dataclass(frozen=True)
class Photo:
    """An upload that is a photo with a face in it; faces largest first."""

    upload: Upload
    width: int
    height: int
    media_type: str
    faces: list[dict[str, Any]]


def inspect(upload: Upload, registrar: Registrar, settings: Settings) -> Photo:
    """Decode an upload and find its faces. Touches neither the database nor the store.

    Raises:
        ImageProblemError: the file is no photo this service can use; says why.
    """
    limits = codec.ImageLimits(settings.max_image_pixels, settings.max_image_side)
    try:
        with _DECODING:
            decoded = codec.decode_image(upload.data, limits)
            located = registrar.locate(decoded.rgb)
            gazes = [registrar.gaze(decoded.rgb, face.mesh) for face in located]
    except codec.ImageError as error:
        problem = _CODEC_PROBLEMS.get(error.code, UnsupportedImageError)
        raise problem(f"{upload.label}: {error}", filename=upload.filename) from error
    if not located:
        raise NoFaceError(
            f"No face was found in {upload.label}; send a photo in which a face can be seen, "
            "turned no more than 45 degrees.",
            filename=upload.filename,
        )
    if located[0].too_small:
        raise FaceTooSmallError(
            f"{upload.label}: the face is {located[0].box[2]:.0f} pixels wide; at least "
            f"{SMALLEST_READ:.0f} are needed. Send the photo at a higher resolution.",
            filename=upload.filename,
        )
    faces = [
        {
            "box": [float(value) for value in face.box],
            "yaw": float(face.pose.yaw),
            "pitch": float(face.pose.pitch),
            "roll": float(face.pose.roll),
            "gaze": None if gaze is None else gaze.as_json(),
            **face.visibility.as_json(),
        }
        for face, gaze in zip(located, gazes, strict=True)
    ]
    return Photo(upload, decoded.width, decoded.height, decoded.media_type, faces)


def create(
    session: Session,
    store: ArtifactStore,
    settings: Settings,
    owner_id: uuid.UUID,
    photo: Photo,
    subject_id: str | None = None,
) -> Image:
    """Keep a photo: its bytes in the store, then its row."""
    lock_shared(session, [address_of(photo.upload.data)])
    artifact = store.put(photo.upload.data)
    return Images(session, owner_id).add(
        Image(
            owner_id=owner_id,
            sha256=artifact.sha256,
            size=artifact.size,
            media_type=photo.media_type,
            width=photo.width,
            height=photo.height,
            filename=photo.upload.filename,
            subject_id=subject_id,
            faces=photo.faces,
            expires_at=expiry(settings),
        )
    )


def get(session: Session, owner_id: uuid.UUID, image_id: uuid.UUID | None) -> Image:
    """An image by its id.

    Raises:
        ImageNotFoundError, ResourceExpiredError.
    """
    image = None if image_id is None else Images(session, owner_id).get(image_id)
    if image is None:
        raise ImageNotFoundError("You have no image with this id.")
    if has_expired(image.expires_at):
        raise ResourceExpiredError("This image is no longer kept; upload the photo again.")
    return image


def page(
    session: Session,
    owner_id: uuid.UUID,
    limit: int,
    before: uuid.UUID | None,
    subject_id: str | None = None,
) -> Page[Image]:
    """An owner's images, newest first; of one subject where one is named."""
    return Images(session, owner_id).page_of(limit, before, subject_id)


def registered(
    store: ArtifactStore,
    registrar: Registrar,
    settings: Settings,
    image: Image,
    kind: RegistrationKind,
) -> NDArray[np.uint8]:
    """The largest face of an image, registered: uint8 (224, 224, 3) RGB."""
    limits = codec.ImageLimits(settings.max_image_pixels, settings.max_image_side)
    data = store.read(image.sha256)
    with _DECODING:
        decoded = codec.decode_image(data, limits)
        return registrar.register(decoded.rgb, kind=kind).image


def expiry(settings: Settings) -> datetime | None:
    """When something made now expires."""
    days = settings.retention_days
    return None if days is None else now() + timedelta(days=days)


def has_expired(expires_at: datetime | None) -> bool:
    """Whether that moment has passed."""
    return expires_at is not None and expires_at <= now()
