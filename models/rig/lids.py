"""Where the lids of a photographed eye end.

The mesh's lid contours lie up to two millimetres beside the lids of a photo. A lid that moves would
then take a strip of the eye's white along, or leave its lashes behind on the eye. The white ends
above in the dark of the lashes and below in skin, so both contours are laid there; where the iris
hides that, a smooth curve goes on.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from models.registration.face import FloatArray, View
from models.registration.pyramid import Pyramid
from models.rig.contact import Rims

_COLUMNS: Final = 25
_SEARCH: Final = 0.075
"""Canonical units above and below the mesh's contour that are looked at."""
_SAMPLES: Final = 31
_STEP: Final = 4
"""Samples on either side of an edge that are compared."""
_GRAIN: Final = 160
"""Places per canonical unit told apart in the photo."""
_IRIS: Final = 0.10
"""Canonical units from the iris's middle within which there is no white to end."""
_KEPT: Final = (0.5, 0.1)
"""How much the mesh's own upper and lower contour count there, which follow an iris well."""
_WHITE: Final = np.array([0.0, 0.5, 0.5], np.float32)
"""Weights of R, G and B by which the white of an eye stands out from skin, lashes and red."""
_LEAST: Final = 0.06
"""Step of brightness, over that of the skin below the eye, below which there is no edge."""
_RIDGE: Final = 0.35
_OUTLIER: Final = 0.02
"""Canonical units off the curve beyond which an edge hardly counts."""
_MOST: Final = 0.06
"""Canonical units that a contour may be moved."""


def fitted_lids(
    rims: Rims, dense: FloatArray, iris_x: float, view: View, pyramid: Pyramid
) -> FloatArray:
    """`dense` (V, 3) with the rims of one eye where its lids end in the photo.

    Args:
        rims: of the eye.
        dense: canonical mesh.
        iris_x: canonical x of the middle of the iris.
        view: canonical frame -> photo pixels.
        pyramid: of the photo.
    """
    upper, lower = dense[list(rims.upper)], dense[list(rims.lower)]
    share = np.linspace(0.06, 0.94, _COLUMNS, dtype=np.float32)
    xs = upper[0, 0] + share * (upper[-1, 0] - upper[0, 0])
    off = np.linspace(-_SEARCH, _SEARCH, _SAMPLES, dtype=np.float32)
    moved = []
    for rim, sign in ((upper, 1), (lower, -1)):
        y = np.interp(xs, rim[:, 0], rim[:, 1])
        z = np.interp(xs, rim[:, 0], rim[:, 2])
        points = np.empty((_SAMPLES, _COLUMNS, 3), np.float32)
        points[..., 0], points[..., 1], points[..., 2] = xs, y + off[:, None], z
        grain = max(1.0, view.scale / _GRAIN)
        white = pyramid.sample(view.project(points)[..., :2], grain) @ _WHITE
        white = white / max(float(np.percentile(white, 60)), 8.0)
        step = sign * _steps(white)
        # The other lid's edge is none of this one's.
        height = np.interp(xs, lower[:, 0], lower[:, 1]) - np.interp(xs, upper[:, 0], upper[:, 1])
        step[sign * off[:, None] > 0.75 * height] = 0
        beside = np.abs(xs - iris_x) < _IRIS
        step[:, beside] = 0
        kept = np.where(beside, _KEPT[0] if rim is upper else _KEPT[1], 0)
        moved.append(_curve_through(share, off, step, kept, rim))
    return rims.curved(rims.move(dense, _downwards(moved[0]), _downwards(moved[1])))


_INSET: Final = (0.013, 0.010)
"""Canonical units onto the upper and the lower lid that rims of moving lids are looked up in the
photo: its own blur mixes the eye's white into their edges."""
_TRAVEL: Final = 0.05
"""Canonical units by which lids have come nearer when that is done in full."""
_NO_NEARER: Final = 0.03
_PLATE: Final = 0.93
"""How far skin that does not quite move as one with the rim follows it in this."""


def carried(rims: Rims, dense: FloatArray, moved: FloatArray) -> FloatArray | None:
    """How far (N, 3) beside the vertices `rims.near` of the photographed mesh `dense` the skin of
    `moved` is to be looked up, so that the rims of lids that come nearer are set onto the lids.

    None where no lids do.
    """
    nearer = np.clip((rims.gaps(dense) - rims.gaps(moved)) / _TRAVEL, 0, 1)
    if nearer.max() < _NO_NEARER:
        return None
    upper, lower = rims.follow_upper[rims.near], rims.follow_lower[rims.near]
    onto = lower @ _downwards(_INSET[1] * nearer) - upper @ _downwards(_INSET[0] * nearer)
    follows = (upper + lower).sum(axis=1, keepdims=True)
    return np.asarray(np.clip((follows - _PLATE) / (1 - _PLATE), 0, 1) * onto, np.float32)


def _steps(white: FloatArray) -> FloatArray:
    """By how much it is whiter below than above each sample (S, C); 0 near the ends."""
    total = np.cumsum(np.pad(white, ((1, 0), (0, 0))), axis=0)
    out = np.zeros_like(white)
    middle = slice(_STEP, len(white) - _STEP)
    below = total[2 * _STEP + 1 :] - total[_STEP + 1 : -_STEP]
    above = total[_STEP : -_STEP - 1] - total[: -2 * _STEP - 1]
    out[middle] = (below - above) / _STEP
    return out


def _curve_through(
    share: FloatArray, off: FloatArray, step: FloatArray, kept: FloatArray, rim: FloatArray
) -> FloatArray:
    """How far to move each vertex of `rim` (K, 3) down: a smooth curve, 0 at both corners, through
    the steps found and, by weights `kept` (C,), along the mesh's own contour."""
    found = np.where(kept > 0, 0, off[step.argmax(axis=0)])
    sure = np.clip(step.max(axis=0) / _LEAST - 1, 0, 3) + kept
    waves = np.arange(1, 4)
    design = np.sin(np.pi * share[:, None] * waves)
    weight = sure.copy()
    curve = np.zeros(len(waves))
    for _ in range(4):
        gram = design.T @ (weight[:, None] * design) + _RIDGE * np.diag(waves**3.0)
        curve = np.linalg.solve(gram, design.T @ (weight * found))
        weight = sure / (1 + ((found - design @ curve) / _OUTLIER) ** 2)
    at = (rim[:, 0] - rim[0, 0]) / (rim[-1, 0] - rim[0, 0])
    return np.asarray(
        np.clip(np.sin(np.pi * at[:, None] * waves) @ curve, -_MOST, _MOST), np.float32
    )


def _downwards(by: FloatArray) -> FloatArray:
    out = np.zeros((len(by), 3), np.float32)
    out[1:-1, 1] = by[1:-1]
    return out
