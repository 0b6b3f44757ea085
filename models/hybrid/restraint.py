"""How much of what the network says is drawn: it learnt from few people in one studio."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from models.hybrid.scene import FINE, MOUTH, FloatArray, Scene
from models.rig.light import LUMINANCE

_TOOTH: Final = 1.5
"""Pixels of the window within which lines between teeth are not told apart."""
_LEAST: Final = 1e-3
_GRAIN: Final = 2.0
"""Pixels of the window within which pores and hairs are not told apart."""
_AROUND: Final = 12.0
"""Pixels of the window within which skin is of one colour."""
_NOTICED: Final = 0.1
"""Change of light from which skin takes the colour around it in full."""
_RATIOS: Final = (0.7, 1.35)
"""Least and most light on skin over the rig's; smiles of people held out need no more."""
_DARKEST: Final = 6.0
"""Grey levels below which darkness is not divided by."""


def restrained(correction: FloatArray, scene: Scene) -> FloatArray:
    """A correction (128, 128, 3) of a window: soft on teeth, and of skin's own colours on skin."""
    return _light_on_skin(_soft_on_teeth(correction, scene.planes[MOUTH]), scene)


def _soft_on_teeth(correction: FloatArray, mouth: FloatArray) -> FloatArray:
    """Leaves the lines between the rig's teeth; of those it learnt from they were elsewhere, so it
    would fill these."""
    inside = mouth[..., None]
    share = np.maximum(cv2.GaussianBlur(mouth, (0, 0), _TOOTH), _LEAST)[..., None]
    soft = cv2.GaussianBlur(correction * inside, (0, 0), _TOOTH) / share
    return np.asarray(correction + (soft - correction) * inside, np.float32)


def _light_on_skin(correction: FloatArray, scene: Scene) -> FloatArray:
    """Makes skin lighter or darker by bounds, in the colour of the skin around.

    Grey levels that were learnt on pale skin would be a film on darker skin, and a fold's own
    shadow, made lighter, is orange.
    """
    colour = np.ascontiguousarray(127.5 * (scene.planes[:3].transpose(1, 2, 0) + 1))
    skin = 1 - np.maximum(scene.planes[FINE], scene.planes[MOUTH])
    own = np.asarray(cv2.GaussianBlur(colour, (0, 0), _GRAIN), np.float32)
    level = np.maximum(own @ LUMINANCE, _DARKEST)
    ratio = np.clip(1 + (correction @ LUMINANCE) / level, *_RATIOS)
    around = cv2.GaussianBlur(colour * skin[..., None], (0, 0), _AROUND)
    tone = around / np.maximum(around @ LUMINANCE, _LEAST)[..., None]
    lit = tone * (ratio * level)[..., None] - own
    share = np.clip(np.abs(ratio - 1) / _NOTICED, 0, 1)[..., None]
    light = (1 - share) * own * (ratio - 1)[..., None] + share * lit
    return np.asarray(correction + (light - correction) * skin[..., None], np.float32)
