"""The eyeball behind the lids: a still layer that shows more or less of itself as lids move."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from models.registration.face import FloatArray, View
from models.registration.pyramid import Pyramid
from models.rig.contact import Rims

IRIS_RADIUS: Final = 0.093
"""Canonical units: irises measure 11.7 mm in every adult, eyes lie about 63 mm apart."""
_LASHES: Final = 0.022
"""Canonical units below the upper lid that lashes and their shadow darken."""
_LOWER_LASHES: Final = 0.004
_GRAIN: Final = 120
"""Places per canonical unit told apart in the photo: a dozen across an iris."""
_SHADOW: Final = 0.48
"""How much a lid that has moved darkens the eye at its very edge."""
_SEAM: Final = (0.40, 0.011)
"""Log darkness and half width, canonical units, of the line that closed lashes draw."""


@dataclass(frozen=True, eq=False)
class Eye:
    """A photographed eye: its rims and the middle of its iris, canonical x, y."""

    rims: Rims
    iris: tuple[float, float]


def find_iris(rims: Rims, dense: FloatArray, view: View, pyramid: Pyramid) -> Eye:
    """Place the iris where a disc of its known size stands out darkest within the lids.

    Args:
        rims: of the eye.
        dense: (V, 3) canonical mesh.
        view: canonical frame -> photo pixels.
        pyramid: of the photo.
    """
    upper, lower = dense[list(rims.upper)], dense[list(rims.lower)]
    left, right = float(upper[0, 0]), float(upper[-1, 0])
    xs = np.linspace(left, right, 48, dtype=np.float32)
    top, bottom = _rim(upper, xs), _rim(lower, xs)
    ys = np.linspace(float(top.min()) - 0.03, float(bottom.max()) + 0.03, 32, dtype=np.float32)
    x, y = np.meshgrid(xs, ys)
    depth = np.full_like(x, float(upper[:, 2].mean()))
    points = view.project(np.stack([x, y, depth], axis=-1))[..., :2]
    grey = pyramid.sample(points, max(1.0, view.scale / _GRAIN)).mean(axis=2)
    within = (y > top + 0.12 * (bottom - top)) & (y < bottom)
    height = float((bottom - top).max())
    middle = float((top + bottom)[16:32].mean() / 2)
    span = right - left
    cx, cy = np.meshgrid(
        np.linspace(left + 0.25 * span, right - 0.25 * span, 15),
        np.linspace(middle - 0.20 * height, middle + 0.12 * height, 7),
        indexing="ij",
    )
    x, y, grey = x[within], y[within], grey[within]
    apart = np.hypot(x - cx.ravel()[:, None].astype(np.float32), y - cy.ravel()[:, None])  # C, P
    disc = apart < IRIS_RADIUS
    ring = (apart > 1.12 * IRIS_RADIUS) & (apart < 1.7 * IRIS_RADIUS)
    contrast = np.full(cx.size, -np.inf)
    inside, around = disc.sum(axis=1), ring.sum(axis=1)
    told = (inside >= 8) & (around >= 8)
    contrast[told] = (ring @ grey)[told] / around[told] - (disc @ grey)[told] / inside[told]
    if not told.any():
        return Eye(rims, (left + span / 2, middle))
    best = int(contrast.argmax())
    found = float(cx.ravel()[best]), float(cy.ravel()[best])
    return Eye(rims, found)


def find_irises(
    rims: tuple[Rims, Rims], dense: FloatArray, view: View, pyramid: Pyramid
) -> tuple[Eye, Eye]:
    """Both eyes of a face, level with each other: lids hide an iris's height, not its width."""
    first, second = (find_iris(eye, dense, view, pyramid) for eye in rims)
    heights = [_middle_height(eye, dense) for eye in rims]
    off = (first.iris[1] - heights[0] + second.iris[1] - heights[1]) / 2
    return (
        Eye(rims[0], (first.iris[0], heights[0] + off)),
        Eye(rims[1], (second.iris[0], heights[1] + off)),
    )


def _middle_height(rims: Rims, dense: FloatArray) -> float:
    """Canonical y half way between the lids in the middle of the eye."""
    half = len(rims.upper) // 2
    return float(dense[rims.upper[half], 1] + dense[rims.lower[half], 1]) / 2


def uncovering(eye: Eye, dense: FloatArray, moved: FloatArray, at: FloatArray) -> FloatArray:
    """How far (P,), 0..1, points `at` (P, 3) of the drawn eye show what lids or lashes hid.

    `dense` and `moved` (V, 3) are the canonical meshes before and after the lids moved.
    """
    upper, lower = list(eye.rims.upper), list(eye.rims.lower)
    x, y = at[:, 0], at[:, 1]
    top, bottom = _rim(dense[upper], x), _rim(dense[lower], x)
    up = np.interp(x, moved[upper, 0], dense[upper, 1] - moved[upper, 1])
    down = np.interp(x, moved[lower, 0], moved[lower, 1] - dense[lower, 1])
    above = _beyond(top + _LASHES - y, up)
    below = _beyond(y - bottom + _LOWER_LASHES, down)
    return np.asarray(np.maximum(above, below), np.float32)


def _beyond(past: FloatArray, travel: FloatArray) -> FloatArray:
    """1 where `past` an edge that has moved by `travel`, soft on both sides; 0 if it has not."""
    travelled = np.clip(travel / 0.012 - 0.4, 0, 1)
    return np.asarray(np.clip(past / 0.026 + 0.5, 0, 1) * travelled, np.float32)


def lid_shadow(eye: Eye, moved: FloatArray, dense: FloatArray, at: FloatArray) -> FloatArray:
    """Factor (P,) by which a raised or lowered upper lid darkens the eye just below it."""
    upper = list(eye.rims.upper)
    top = _rim(moved[upper], at[:, 0])
    travel = np.abs(np.interp(at[:, 0], moved[upper, 0], moved[upper, 1] - dense[upper, 1]))
    strength = _SHADOW * np.clip(travel / 0.03, 0, 1)
    return np.asarray(1 - strength * np.exp(-np.maximum(at[:, 1] - top, 0) / 0.028), np.float32)


def lash_line(eye: Eye, moved: FloatArray, closing: float, at: FloatArray) -> FloatArray:
    """Log ratio (...) of the dark seam that lashes draw where closed lids meet, at points (..., 3).

    `closing` is 0 for open to 1 for closed.
    """
    upper = moved[list(eye.rims.upper)]
    seam = _rim((upper + moved[list(eye.rims.lower)]) / 2, at[..., 0])
    inside = np.clip((at[..., 0] - upper[0, 0]) / 0.06, 0, 1)
    inside *= np.clip((upper[-1, 0] - at[..., 0]) / 0.06, 0, 1)
    strength = _SEAM[0] * max(0.0, 2 * closing - 1)
    return np.asarray(
        -strength * inside * np.exp(-(((at[..., 1] - seam) / _SEAM[1]) ** 2)), np.float32
    )


def _rim(points: npt.NDArray[np.floating], x: npt.NDArray[np.floating]) -> FloatArray:
    """y (...) of the rim through `points` (K, 3) at x (...)."""
    return np.asarray(np.interp(x, points[:, 0], points[:, 1]), np.float32)
