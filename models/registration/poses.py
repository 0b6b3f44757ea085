"""A registered face seen from other sides, by re-rendering its mesh."""

from __future__ import annotations

from itertools import product
from typing import Final

import numpy as np

from models.registration.face import FACE_SIZE, ImageArray, Pose, RegisteredFace, View
from models.registration.frontalise import frontal_view
from models.registration.headpose import rotation
from models.registration.pyramid import Pyramid
from models.registration.texture import draw

FERA_POSES: Final[tuple[tuple[float, float], ...]] = tuple(
    product((-40.0, -20.0, 0.0), (-40.0, 0.0, 40.0))
)
"""(pitch, yaw) in degrees of the nine views of FERA 2017 (Valstar et al., "FERA 2017: Addressing
head pose in the third facial expression recognition and analysis challenge"), by pitch, then yaw.
This is not the numbering of the challenge's files."""


def pose_view(pitch: float, yaw: float, size: int = FACE_SIZE) -> View:
    """The frontal view of a head that is turned about the middle of its face."""
    frontal = frontal_view(size)
    turned = frontal.scale * rotation(Pose(yaw=yaw, pitch=pitch, roll=0.0))
    return View(np.asarray(turned, np.float32), frontal.offset)


def render_pose(
    face: RegisteredFace, pitch: float, yaw: float, size: int = FACE_SIZE
) -> ImageArray:
    """uint8 (size, size, 3): the face in a pose, textured from its photo.

    Args:
        face: registered in 2D or 3D.
        pitch, yaw: of the head in the result, in degrees, whatever its pose in the photo was.
        size: side of the result in pixels.
    """
    view = pose_view(pitch, yaw, size)
    return draw(Pyramid(face.photo), face.mesh, face.photo_view, view, size).image
