"""The folds that AUs draw on one person's skin, in the light of their photo."""

from __future__ import annotations

from typing import Final

import numpy as np

from models.registration.face import FloatArray
from models.rig.appearance import MAP_SHAPE
from models.rig.model import RigModel
from models.rig.skin import Skin

_DEEPENED: Final = 1.1
"""How much deeper a crease of the photo becomes where an AU at E folds it."""
_FILLED: Final = 0.6
"""Share of a crease that is filled when its expression is taken off: skin keeps part of it."""
_BRIGHTEST: Final = 0.16
"""Log ratio that no flank may exceed: beyond it skin looks oily."""
_DARKEST: Final = -0.75


def folds(
    model: RigModel, skin: Skin, light: FloatArray, asked: FloatArray, shown: FloatArray
) -> FloatArray:
    """Log ratio (H, W) of brightness on the map of `appearance.map_grid`.

    Args:
        model: the rig.
        skin: of the photo.
        light: (2,), by how much skin brightens per tilt to the map's right and downwards.
        asked, shown: (18, 2) gains of the AUs to draw and of those that the photo shows.
    """
    change = asked - shown
    drawn, taken = np.maximum(change, 0), np.maximum(-change, 0)
    out = np.zeros(MAP_SHAPE, np.float32)
    half = MAP_SHAPE[1] // 2
    # The subject's left is the image's right.
    for side, columns in ((0, slice(half, None)), (1, slice(None, half))):
        part = np.zeros((MAP_SHAPE[0], half), np.float32)
        deeper, filled = np.zeros_like(part), np.zeros_like(part)
        for index in np.flatnonzero(drawn[:, side]):
            gain = drawn[index, side]
            across, down = model.relief[index, :, :, columns]
            # A surface that comes nearer to the right is turned to the left.
            part += gain * (model.appearance[index, :, columns] - light[0] * across
                            - light[1] * down)  # fmt: skip
            deeper += gain * model.folded[index, :, columns]
        for index in np.flatnonzero(taken[:, side]):
            filled += taken[index, side] * model.folded[index, :, columns]
        part = np.where(part > 0, part * np.float32(skin.gleam), part) * skin.depth[:, columns]
        creases = np.minimum(skin.creases[:, columns], 0)
        part += creases * (_DEEPENED * np.minimum(deeper, 1) - _FILLED * np.minimum(filled, 1))
        out[:, columns] = part
    return np.clip(out, _DARKEST, _BRIGHTEST)
