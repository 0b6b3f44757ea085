"""How light a person's skin is in their photos, to see who is read well.

The individual typology angle, ITA = atan((L* - 50) / b*) in degrees (Chardon, Cretois & Hourseau
1991), of cheeks and forehead. A photo is no colorimeter: light and camera move it by tens of
degrees, so it sorts people of one corpus and says little of one person. The classes are those of
Del Bino & Bernerd (2013), some taken together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

ImageArray = npt.NDArray[np.uint8]

LIGHT_ABOVE: Final = 28.0
DARK_BELOW: Final = -30.0
"""Degrees. Intermediate, light and very light skin have more than 28, tan and brown skin lies
between, dark skin has less than -30."""

SkinGroup = str

# In the registered face of 224x224 (see models.registration.frontalise): both cheeks and the
# forehead between the brows and the hair, as rows and columns.
_PATCHES: Final = ((118, 150, 52, 84), (118, 150, 140, 172), (34, 58, 84, 140))
_MISSING: Final = 8
"""Grey level up to which a pixel of a registered face counts as not shown by the photo."""
_COLOURLESS: Final = 3.0
_SKIN_YELLOW: Final = 15.0
"""A grey photo has no b*: its skin is sorted by lightness alone, at the b* that skin has."""


def typology_angle(face: ImageArray) -> float:
    """ITA of one registered face in degrees, -90 to 90; NaN where its skin does not show.

    Args:
        face: uint8 (224, 224, 3) RGB.

    Raises:
        ValueError: the face has another shape.
    """
    if face.shape != (224, 224, 3):
        raise ValueError(f"expected a face of (224, 224, 3), got {face.shape}")
    angles = [_patch_angle(face[top:bottom, left:right]) for top, bottom, left, right in _PATCHES]
    seen = [angle for angle in angles if not np.isnan(angle)]
    return float(np.median(seen)) if seen else float("nan")


def skin_group(angles: Sequence[float]) -> SkinGroup | None:
    """The group of a person by the median of their faces' angles; None if none is known."""
    known = [angle for angle in angles if not np.isnan(angle)]
    if not known:
        return None
    middle = float(np.median(known))
    if middle > LIGHT_ABOVE:
        return "light"
    return "dark" if middle < DARK_BELOW else "medium"


def _patch_angle(patch: ImageArray) -> float:
    shown = patch.max(axis=2) > _MISSING
    if shown.mean() < 0.5:
        return float("nan")
    pixels = patch[shown][None].astype(np.float32) / 255
    lightness, red_green, yellow = np.median(cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB)[0], axis=0)
    if np.hypot(red_green, yellow) < _COLOURLESS:
        yellow = _SKIN_YELLOW
    return float(np.degrees(np.arctan2(lightness - 50, max(float(yellow), 1.0))))
