"""The corners of the mouth, where lips that part come apart.

The mesh ends the inner contours of the lips some three millimetres before them. An opening that
ended there would leave a flap of skin between lips in each corner.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from models.registration.contours import INNER_LIPS, OUTER_LIPS
from models.registration.face import FloatArray

UPPER_LIP: Final = (
    191, 80, 81, 82, 13, 312, 311, 310, 415, 183, 42, 41, 38, 12, 268, 271, 272, 407,
    184, 74, 73, 72, 11, 302, 303, 304, 408, 185, 40, 39, 37, 0, 267, 269, 270, 409,
)  # fmt: skip
LOWER_LIP: Final = (
    95, 88, 178, 87, 14, 317, 402, 318, 324, 96, 89, 179, 86, 15, 316, 403, 319, 325,
    77, 90, 180, 85, 16, 315, 404, 320, 307, 146, 91, 181, 84, 17, 314, 405, 321, 375,
)  # fmt: skip
"""The four rings of vertices on each lip's red, without those in the corners."""
_BEYOND: Final = 1.6
"""Where mouths end, in distances from the inner to the outer contour's corner."""
_TO_CORNER: Final = 0.85
"""Share of that by which the opening goes on."""
_STRETCHED: Final = 4.0
"""Distances between the two within which the red of the lips gives way."""
_NARROW: Final = 0.06
"""Canonical units above and below the corner within which it moves."""


def to_the_corners(mesh: FloatArray) -> FloatArray:
    """`mesh` (V, 3), coarse or dense, whose inner lip contours end in the corners of the mouth.

    Skin beyond a corner is squeezed and the red before it stretched; where the texture is looked
    up by the same mesh, a face at rest looks as before.
    """
    for end in (0, -1):
        mesh = _reaching(mesh, INNER_LIPS.upper[end], OUTER_LIPS.upper[end])
    return mesh


def _reaching(mesh: FloatArray, inner: int, outer: int) -> FloatArray:
    way = (mesh[inner] - mesh[outer]) * np.float32(_BEYOND)
    length = max(float(np.linalg.norm(way[:2])), 1e-3)
    from_end = (mesh - mesh[inner] + way)[:, :2]
    along = from_end @ (way[:2] / length) / length
    across = from_end @ (np.array([-way[1], way[0]]) / length)
    share = np.where(along < 1, np.clip(along, 0, 1), np.clip(1 - (along - 1) / _STRETCHED, 0, 1))
    share *= np.exp(-((across / _NARROW) ** 2)) * _TO_CORNER
    return np.asarray(mesh - share[:, None].astype(np.float32) * way, np.float32)
