"""The upright picture of a face that the descriptor is made from."""

from __future__ import annotations

from typing import Final

import numpy as np

from models.registration.alignment import fit_similarity
from models.registration.face import ImageArray, RegisteredFace
from models.registration.pyramid import Pyramid, Window

_VERTICES: Final = (33, 133, 362, 263, 2)
"""Corners of the right eye, of the left, and below the nose."""
_PLACES: Final = (
    (0.1206, 0.2137), (0.3341, 0.2291), (0.6461, 0.2290), (0.8596, 0.2135), (0.4901, 0.6278),
)  # fmt: skip
"""Where dlib's mean face has them, in a square without its margin."""
_MARGIN: Final = 0.25
"""Of dlib's square on each side, as it was trained with."""


def face_chip(face: RegisteredFace, side: int) -> ImageArray:
    """uint8 (side, side, 3): the face cut from its photo, as dlib aligns faces."""
    points = face.photo_view.project(face.mesh)[list(_VERTICES), :2]
    places = (np.array(_PLACES) + _MARGIN) / (1 + 2 * _MARGIN) * side - 0.5
    fit = fit_similarity(places, points)
    middle = fit.apply(np.full((1, 2), (side - 1) / 2))[0]
    angle = float(np.degrees(np.arctan2(fit.rotation[1, 0], fit.rotation[0, 0])))
    window = Window(float(middle[0]), float(middle[1]), fit.scale * side, angle)
    return Pyramid(face.photo).cut(window, side)
