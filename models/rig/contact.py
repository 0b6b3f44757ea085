"""Lids and lips as openings: how wide they are, and how skin follows when their rims move.

Each rim vertex pulls the skin on its own side of the opening, by weights that fade with distance.
Two rims never pass through each other: where a drawing would, both are set back to where they meet.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final

import numpy as np
import numpy.typing as npt

from models.registration.contours import Contour, Opening
from models.rig.subdivision import IntArray, Subdivision

FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Curve:
    """The refined vertices of one rim between the K of the coarse mesh, straight lines otherwise.

    Attributes:
        rim: the K vertices of the coarse mesh.
        between: int32 (N,), the vertices between them.
        through: float32 (N, K), where the curve through the K vertices passes (natural cubic
            spline over the rim's length on the canonical face).
        beside: int32 (M,), vertices of the skin near by.
        nearest: int32 (M,), the row of `between` that each of them lies nearest to.
        share: float32 (M,), how much of its movement they take.
    """

    rim: Contour
    between: IntArray
    through: FloatArray
    beside: IntArray
    nearest: IntArray
    share: FloatArray

    def off(self, points: FloatArray) -> FloatArray:
        """From where the vertices between lie in `points` (V, 3) to the curve, (N, 3)."""
        through = self.through @ points[list(self.rim)]
        return np.asarray(through - points[self.between], np.float32)


@dataclass(frozen=True, eq=False)
class Rims:
    """The two rims of one opening and the skin that follows them.

    Attributes:
        upper, lower: rim vertices, matched one to one from corner to corner.
        follow_upper, follow_lower: float32 (V, K), the share of each rim vertex's movement that
            each dense vertex takes.
        upper_curve, lower_curve: between the rim vertices.
    """

    upper: Contour
    lower: Contour
    follow_upper: FloatArray
    follow_lower: FloatArray
    upper_curve: Curve
    lower_curve: Curve

    def gaps(self, points: FloatArray) -> FloatArray:
        """Signed height of the opening at each pair of rim vertices (K,); negative: overlap."""
        return np.asarray(points[list(self.lower), 1] - points[list(self.upper), 1], np.float32)

    def move(self, points: FloatArray, upper: FloatArray, lower: FloatArray) -> FloatArray:
        """`points` (V, 3) with the rims, and the skin that follows, moved by (K, 3) each."""
        out = points.copy()
        near = self.near
        out[near] += self.follow_upper[near] @ upper + self.follow_lower[near] @ lower
        return out

    @cached_property
    def near(self) -> npt.NDArray[np.intp]:
        """The vertices that follow at all."""
        return np.flatnonzero((self.follow_upper != 0).any(1) | (self.follow_lower != 0).any(1))

    def curved(self, points: FloatArray, rest: FloatArray | None = None) -> FloatArray:
        """`points` (V, 3) with both rims as smooth curves through their vertices.

        Where `rest` (V, 3), which `points` were moved from, lies beside its own curves, they go on
        doing so.
        """
        out = points.copy()
        for curve in (self.upper_curve, self.lower_curve):
            off = curve.off(points) if rest is None else curve.off(points) - curve.off(rest)
            out[curve.between] += off
            out[curve.beside] += off[curve.nearest] * curve.share[:, None]
        return out

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
    dense: Subdivision,
    opening: Opening,
    neutral: FloatArray,
    is_above: BoolArray,
    is_below: BoolArray,
    reach: float,
    plateau: float = 0.0,
) -> Rims:
    """Build the rims of `opening` on the mesh `dense`, its canonical face `neutral` (V, 3).

    Skin within `plateau` (canonical units) of a rim moves as one with it; beyond, its share falls
    to nothing at `reach`. `is_above` and `is_below` (V,) say which rim a vertex may follow.
    """
    return Rims(
        opening.upper,
        opening.lower,
        _follow(neutral, opening.upper, is_above, reach, plateau),
        _follow(neutral, opening.lower, is_below, reach, plateau),
        _curve(dense, neutral, opening.upper, is_above),
        _curve(dense, neutral, opening.lower, is_below),
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
    # The corners are the upper rim's, so the lower one misses nothing there.
    missed = (np.eye(len(rim)) - follow[list(rim)]) * allowed[list(rim)][:, None]
    asked, again = np.eye(len(rim)), np.eye(len(rim))
    for _ in range(_CORRECTIONS):
        again = again @ missed
        asked = asked + again
    return np.asarray(follow @ asked, np.float32)


_BESIDE: Final = 0.05
"""Canonical units from a rim within which skin follows the rim's curve."""


def _curve(dense: Subdivision, neutral: FloatArray, rim: Contour, allowed: BoolArray) -> Curve:
    points = neutral[list(rim), :2]
    length = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    between, at = [], []
    used = dense.weights > 0
    for index, ends in enumerate(pairwise(rim)):
        on_edge = (np.isin(dense.parents, ends) == used).all(axis=1) & (used.sum(axis=1) == 2)
        for vertex in np.flatnonzero(on_edge):
            later = float(dense.weights[vertex][dense.parents[vertex] == ends[1]].sum())
            between.append(int(vertex))
            at.append(length[index] + later * (length[index + 1] - length[index]))
    apart = np.linalg.norm(neutral[:, None, :2] - neutral[None, between, :2], axis=2)
    nearest = apart.argmin(axis=1)
    share = np.clip(1 - apart.min(axis=1) / _BESIDE, 0, 1) * allowed
    share[[*rim, *between]] = 0
    beside = np.flatnonzero(share > 0)
    return Curve(
        rim=rim,
        between=np.array(between, np.int32),
        through=_spline(length, np.array(at)),
        beside=np.asarray(beside, np.int32),
        nearest=np.asarray(nearest[beside], np.int32),
        share=np.asarray(share[beside], np.float32),
    )


def _spline(knots: npt.NDArray[np.float64], at: npt.NDArray[np.float64]) -> FloatArray:
    """float32 (N, K): natural cubic spline's values at `at` (N,) from those at `knots` (K,)."""
    count = len(knots)
    step = np.diff(knots)
    # Second derivatives m: A m = B y, both ends without curvature.
    left, right = np.eye(count), np.zeros((count, count))
    for k in range(1, count - 1):
        left[k, k - 1 : k + 2] = step[k - 1] / 6, (step[k - 1] + step[k]) / 3, step[k] / 6
        right[k, k - 1 : k + 2] = 1 / step[k - 1], -1 / step[k - 1] - 1 / step[k], 1 / step[k]
    bend = np.linalg.solve(left, right)
    index = np.clip(np.searchsorted(knots, at, side="right") - 1, 0, count - 2)
    h, value = step[index][:, None], np.eye(count)
    b = ((at - knots[index]) / step[index])[:, None]
    a = 1 - b
    out = a * value[index] + b * value[index + 1]
    out += ((a**3 - a) * bend[index] + (b**3 - b) * bend[index + 1]) * h**2 / 6
    return np.asarray(out, np.float32)
