"""What lids hide of an eye: a picture of it without them.

White goes on as it is beside what lids hide, lit alike; irises are round, so what is hidden of one
looks like what the photo shows of it at the same distance from its middle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from weakref import WeakKeyDictionary

import cv2
import numpy as np
import numpy.typing as npt

from models.registration.face import FloatArray, View
from models.registration.pyramid import Pyramid
from models.rig.eyes import IRIS_RADIUS, Eye

_GRAIN: Final = 150
"""Pixels of the picture per canonical unit."""
_ABOVE: Final = 0.16
"""Canonical units above the upper lid that the picture goes on."""
_LASHES: Final = 0.03
"""Canonical units below the upper lid that lashes and their shadow darken."""
_LOWER: Final = 0.008
_LIMBUS: Final = 0.012
"""Canonical units over which white gives way to the iris."""
_RINGS: Final = 14
_HIGHLIGHT: Final = 1.6
"""Times an iris's own brightness from which a place on it is a light's reflection."""
_REACH: Final = 0.035
"""Canonical units over which white is alike."""


@dataclass(frozen=True, eq=False)
class Eyeball:
    """The picture: float32 (H, W, 3) 0..255, its first pixel at canonical x, y `corner`."""

    colour: FloatArray
    corner: tuple[float, float]

    def at(self, points: FloatArray) -> FloatArray:
        """float32 (P, 3) colours at canonical `points` (P, 2 or 3)."""
        x = ((points[:, 0] - self.corner[0]) * _GRAIN).astype(np.float32)
        y = ((points[:, 1] - self.corner[1]) * _GRAIN).astype(np.float32)
        picked = cv2.remap(
            self.colour, x[None], y[None], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
        )
        return np.asarray(picked[0], np.float32)


_uncovered: WeakKeyDictionary[Eye, Eyeball] = WeakKeyDictionary()
"""What was made, for as long as the measured eye is kept."""


def uncovered(eye: Eye, dense: FloatArray, view: View, pyramid: Pyramid) -> Eyeball:
    """The eyeball behind the lids of `eye` on the canonical mesh `dense` (V, 3), made once."""
    found = _uncovered.get(eye)
    if found is None:
        found = _uncovered[eye] = _without_lids(eye, dense, view, pyramid)
    return found


def _without_lids(eye: Eye, dense: FloatArray, view: View, pyramid: Pyramid) -> Eyeball:
    upper, lower = dense[list(eye.rims.upper)], dense[list(eye.rims.lower)]
    corner = float(upper[0, 0]), float(upper[:, 1].min()) - _ABOVE
    width = int(np.ceil((float(upper[-1, 0]) - corner[0]) * _GRAIN)) + 1
    height = int(np.ceil((float(lower[:, 1].max()) - corner[1]) * _GRAIN)) + 1
    y, x = np.mgrid[:height, :width].astype(np.float32) / np.float32(_GRAIN)
    x, y = x + np.float32(corner[0]), y + np.float32(corner[1])
    depth = np.full_like(x, float(upper[:, 2].mean()))
    at = view.project(np.stack([x, y, depth], axis=-1))[..., :2]
    own = pyramid.sample(at, max(1.0, view.scale / _GRAIN)).astype(np.float32)
    top = np.interp(x[0], upper[:, 0], upper[:, 1])
    bottom = np.interp(x[0], lower[:, 0], lower[:, 1])
    shown = (y > top + _LASHES) & (y < bottom - _LOWER)
    apart = np.hypot(x - eye.iris[0], y - eye.iris[1])
    white = _white(own, shown & (apart > IRIS_RADIUS + _LIMBUS))
    iris = _iris(own, shown & (apart < IRIS_RADIUS + _LIMBUS), apart)
    share = np.clip((IRIS_RADIUS + _LIMBUS / 2 - apart) / _LIMBUS, 0, 1)[..., None]
    return Eyeball(np.asarray(white + (iris - white) * share, np.float32), corner)


def _white(own: FloatArray, shown: npt.NDArray[np.bool_]) -> FloatArray:
    """White everywhere, from where the photo shows it: neither red corners nor stray lashes."""
    if not shown.any():
        return np.full_like(own, float(np.percentile(own, 80)))
    blue = own[..., 2]
    shown = shown & (blue >= np.percentile(blue[shown], 20))
    mean = own[shown].mean(axis=0)
    weight = shown.astype(np.float32)
    spread = _REACH * _GRAIN
    near = cv2.GaussianBlur(weight, (0, 0), spread)[..., None]
    colour = cv2.GaussianBlur(own * weight[..., None], (0, 0), spread)
    least = np.float32(0.05)
    return np.asarray((colour + least * mean) / (near + least), np.float32)


def _iris(own: FloatArray, shown: npt.NDArray[np.bool_], apart: FloatArray) -> FloatArray:
    """Rings of the iris's colours, the middle one of what is shown of each."""
    rings = np.linspace(0, IRIS_RADIUS + _LIMBUS, _RINGS)
    nearest = np.rint(apart / rings[1]).astype(int)
    middle = np.median(own[shown], axis=0) if shown.any() else np.full(3, 40.0)
    colours = np.tile(middle, (_RINGS, 1))
    for ring in range(_RINGS):
        here = own[shown & (nearest == ring)]
        if len(here) >= 3:
            level = here.sum(axis=1)
            dull = here[level <= _HIGHLIGHT * np.percentile(level, 25)]
            colours[ring] = np.median(dull, axis=0)
    at = np.minimum(apart / rings[1], _RINGS - 1)
    return np.stack([np.interp(at, np.arange(_RINGS), colours[:, c]) for c in range(3)], axis=-1)
