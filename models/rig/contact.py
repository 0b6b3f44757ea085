"""Lids and lips as openings: how wide they are, and how skin follows when their rims move.

Each rim vertex pulls the skin on its own side of the opening, by weights that fade with distance.
Two rims never pass through each other: where a drawing would, both are set back to where they meet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from models.registration.contours import Contour, Opening

FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Rims:
    """The two rims of one opening and the skin that follows them.

    Attributes:
        upper, lower: rim vertices, matched one to one from corner to corner.
        follow_upper, follow_lower: float32 (V, K), the share of each rim vertex's movement that
            each dense vertex takes.
    """

    upper: Contour
    lower: Contour
    follow_upper: FloatArray
    follow_lower: FloatArray

    def gaps(self, points: FloatArray) -> FloatArray:
        """Signed height of the opening at each pair of rim vertices (K,); negative: overlap."""
        return np.asarray(points[list(self.lower), 1] - points[list(self.upper), 1], np.float32)

    def move(self, points: FloatArray, upper: FloatArray, lower: FloatArray) -> FloatArray:
        """`points` (V, 3) with the rims, and the skin that follows, moved by (K, 3) each."""
        moved = points + self.follow_upper @ upper + self.follow_lower @ lower
        return np.asarray(moved, np.float32)

    def separated(self, points: FloatArray, floor: FloatArray, upper_share: float) -> FloatArray:
        """`points` with every gap at least `floor` (K,).

        `upper_share` of what is missing is made up by the upper rim, the rest by the lower one.
        """
        missing = np.maximum(floor - self.gaps(points), 0)
        if not missing.any():
            return points
        shift = np.zeros((len(missing), 3), np.float32)
        shift[:, 1] = missing
        return self.move(points, -shift * upper_share, shift * (1 - upper_share))


def opening_rims(
    opening: Opening,
    neutral: FloatArray,
    is_above: BoolArray,
    is_below: BoolArray,
    reach: float,
    plateau: float = 0.0,
) -> Rims:
    """Build the rims of `opening` on the dense canonical face `neutral` (V, 3).

    Skin within `plateau` (canonical units) of a rim moves as one with it; beyond, its share falls
    to nothing at `reach`. `is_above` and `is_below` (V,) say which rim a vertex may follow.
    """
    return Rims(
        opening.upper,
        opening.lower,
        _follow(neutral, opening.upper, is_above, reach, plateau),
        _follow(neutral, opening.lower, is_below, reach, plateau),
    )


_CORRECTIONS: Final = 3
"""Times that rims are asked for what they missed; more would make neighbours swing."""
_SPREAD: Final = 0.6
"""Width of a rim vertex's influence along the rim, in spacings of rim vertices."""


def _follow(
    neutral: FloatArray, rim: Contour, allowed: BoolArray, reach: float, plateau: float
) -> FloatArray:
    points = neutral[list(rim), :2]
    apart = np.linalg.norm(neutral[:, None, :2] - points[None], axis=2)  # V, K
    spacing = float(np.linalg.norm(np.diff(points, axis=0), axis=1).mean())
    nearest = apart.min(axis=1)
    along = np.exp(-0.5 * ((apart**2 - nearest[:, None] ** 2) / (_SPREAD * spacing) ** 2))
    along /= along.sum(axis=1, keepdims=True)
    t = np.clip((nearest - plateau) / (reach - plateau), 0, 1)
    fade = (1 - t) ** 2 * (1 + 2 * t)
    follow = along * (fade * allowed)[:, None]
    # A rim vertex takes part of what its neighbours are asked to do, and so misses its own goal;
    # asking again for what is missing converges on it (Neumann series of the rim's own matrix).
    missed = np.eye(len(rim)) - follow[list(rim)]
    asked, again = np.eye(len(rim)), np.eye(len(rim))
    for _ in range(_CORRECTIONS):
        again = again @ missed
        asked = asked + again
    return np.asarray(follow @ asked, np.float32)
