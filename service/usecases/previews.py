"""Drawing one image at once."""

from __future__ import annotations

import uuid

from service.db.engine import Database
from service.db.ids import parse_id
from service.drawing.contracts import Asked, BrokenError, BusyError, Drawn, PhotoGoneError
from service.drawing.room import DrawingRoom
from service.errors.images import FaceIndexError
from service.errors.operation import BusyDrawingError, UnavailableError
from service.errors.resources import ResourceExpiredError
from service.usecases import images
from service.usecases.targets import parse_target
from service.wire.previews import PreviewRequest


def draw(
    database: Database,
    room: DrawingRoom,
    owner_id: uuid.UUID,
    image_id: str,
    asked: PreviewRequest,
) -> Drawn:
    """The picture. No session is open while it is drawn.

    Raises:
        ImageNotFoundError, ResourceExpiredError: there is no such photo, or no longer.
        FaceIndexError: it does not show as many faces.
        UnknownActionUnitError, IntensityOutOfRangeError, ContradictorySidesError.
        BusyDrawingError, UnavailableError: nobody can draw just now.
    """
    target = None
    if asked.target is not None:
        target = parse_target(asked.target, "The target", "/target").intensities
    with database.read() as session:
        image = images.get(session, owner_id, parse_id(image_id))
        sha256, count = image.sha256, len(image.faces)
    if asked.face >= count:
        raise FaceIndexError(
            f"Face {asked.face} was asked for, but the photo shows {count}; the largest is face 0.",
            pointer="/face",
        )
    try:
        return room.draw(
            Asked(sha256, asked.face, target, asked.frame, asked.size, asked.generator)
        )
    except BusyError as error:
        raise BusyDrawingError(str(error)) from error
    except BrokenError as error:
        raise UnavailableError(str(error)) from error
    except PhotoGoneError as error:
        raise ResourceExpiredError(f"The photo can no longer be drawn: {error}") from error
