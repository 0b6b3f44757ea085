"""What a photo's skin shows already: its own creases, and how deep new ones would be.

Old and rough skin folds deeply, smooth skin hardly; and a fold that comes with an expression is
the one that a face has at rest, deepened.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from models.registration.face import FloatArray, View
from models.registration.pyramid import Pyramid
from models.rig.appearance import UNIT
from models.rig.light import LUMINANCE
from models.rig.model import RigModel

_FINE: Final = 0.9
"""Pixels of the map below which nothing is a crease but a pore or a hair."""
_WIDE: Final = 5.0
"""Pixels of the map beyond which a shadow is the face's shape, not a crease."""
_HAIR: Final = 0.5
"""Log darkness against the cheeks beyond which it is a brow, beard or lip."""
_GRAIN: Final = (0.6, 3.0)
"""The same two for roughness: on 66 people of known age this band tells old skin best."""
_AROUND: Final = 18.0
"""Pixels of the map over which roughness is measured."""
_ROUGHEST: Final = 0.06
"""Log ratio above which a place is no rougher: a mole, a hair."""
_USUAL: Final = 0.0165
"""Roughness at which folds are of the depth that the rig's marks say."""
_GROWTH: Final = 1.6
"""How much deeper folds are per usual roughness more."""
_DEPTH: Final = (0.62, 1.35)
"""Least and most depth of folds over the rig's marks."""
_CREASE: Final = (-0.30, 0.10)
"""Bounds of a crease's log ratio: deeper ones are shadows or hair."""
_PALE: Final = 150.0
"""Luminance of skin whose bright flanks are as the light says; darker skin gleams more."""
_GLEAM: Final = (0.85, 2.0)


@dataclass(frozen=True, eq=False)
class Skin:
    """Skin on the map of `appearance.map_grid`.

    Attributes:
        creases: float32 (H, W), log ratio of the photo over its surroundings; 0 off the skin.
        depth: float32 (H, W), how deep folds are over the rig's marks.
        gleam: how bright a flank turned to the light is, over the same on pale skin.
    """

    creases: FloatArray
    depth: FloatArray
    gleam: float


def look_at_skin(
    model: RigModel, texture: FloatArray, level: float, view: View, pyramid: Pyramid
) -> Skin:
    """Look at the skin of a photo.

    Args:
        model: the rig.
        texture: (V, 2), photo pixels of each vertex.
        level: luminance 0..255 of the cheeks.
        view: canonical frame -> photo pixels.
        pyramid: of the photo.
    """
    at = model.map_layout.interpolate(texture)
    seen = pyramid.sample(at, max(1.0, view.scale / UNIT)) @ LUMINANCE
    dark = np.log(np.maximum(seen, 1) / max(level, 1)).astype(np.float32)
    bare = (np.abs(dark) < _HAIR) & model.map_layout.covered
    weight = cv2.erode(bare.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(np.float32)
    creases = np.clip(_band(dark, weight, _FINE, _WIDE), *_CREASE) * weight
    grain = np.minimum(np.abs(_band(dark, weight, *_GRAIN)), _ROUGHEST)
    rough = _mean(grain, weight, _AROUND)
    depth = np.clip(1 + _GROWTH * (rough / _USUAL - 1), *_DEPTH)
    gleam = float(np.clip(_PALE / max(level, 1), *_GLEAM))
    return Skin(np.asarray(creases, np.float32), np.asarray(depth, np.float32), gleam)


def _band(dark: FloatArray, weight: FloatArray, fine: float, wide: float) -> FloatArray:
    smooth = cv2.GaussianBlur(dark, (0, 0), fine)
    return np.asarray(smooth - _mean(dark, weight, wide), np.float32)


def _mean(values: FloatArray, weight: FloatArray, width: float) -> FloatArray:
    """Weighted Gaussian mean (H, W); over everything where nothing near counts."""
    total = max(float(weight.sum()), 1e-6)
    overall = float((values * weight).sum()) / total
    least = np.float32(0.02)
    near = cv2.GaussianBlur(weight, (0, 0), width)
    out = cv2.GaussianBlur(values * weight, (0, 0), width)
    return np.asarray((out + least * overall) / (near + least), np.float32)
