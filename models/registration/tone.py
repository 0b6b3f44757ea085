"""The colours that a face has: all of them, or one tint, as in grey, sepia and blue prints.

In a print of one tint, colour is a function of brightness. What is drawn into such a photo must
follow the same function, and nothing can be told from its colours.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from models.registration.canonical import canonical_face
from models.registration.face import FACE_SIZE, FloatArray, ImageArray, RegisteredFace

LUMINANCE: Final = np.array([0.299, 0.587, 0.114], np.float32)
"""Weights of R, G and B in luminance (ITU-R BT.601)."""
_SHARES: Final = 24
"""Shares of equally many pixels, by brightness, in each of which colour is a line."""
_FEWEST: Final = 240
_ROUNDING: Final = 0.7
"""Grey levels that whole numbers alone lie off a curve."""
_SPREAD: Final = (0.010, 0.026)
"""Spread over brightness of one tint, at most, and of all colours, at least: of 176 photos of 108
people the least colourful face has 0.026, the same photos in sepia have up to 0.006."""
_SIDE: Final = 72
"""Pixels across of the face that is looked at: no pores, and no noise of the camera's."""
_KEPT: Final = 4.0
"""Spreads off the tint within which a pixel keeps its own colour."""


@dataclass(frozen=True, eq=False)
class Tone:
    """The colours of a face.

    Attributes:
        colourful: 0 in a print of one tint, 1 where the face has colours of its own.
        spread: grey levels, root mean square, that its pixels lie off the curve.
        curve: float32 (256, 3), the mean colour at each luminance; 0 at 0, white at 255.
    """

    colourful: float
    spread: float
    curve: FloatArray

    def applied(self, rgb: ImageArray) -> ImageArray:
        """uint8 (..., 3) with the colours of this face; what has them already is left alone."""
        if self.colourful >= 1:
            return rgb
        own = rgb.astype(np.float32)
        tinted = self.curve[np.clip(own @ LUMINANCE + 0.5, 0, 255).astype(np.uint8)]
        off = np.abs(own - tinted).max(axis=-1, keepdims=True)
        share = (1 - self.colourful) * np.clip(off / max(_KEPT * self.spread, 0.1) - 1, 0, 1)
        return np.asarray(own + share * (tinted - own) + np.float32(0.5), np.float32).astype(
            np.uint8
        )


def tone_of(colours: ImageArray | FloatArray) -> Tone:
    """The tone of pixels (N, 3), RGB 0..255; of too few it is taken to be all colours."""
    grey = np.repeat(np.arange(256, dtype=np.float32)[:, None], 3, axis=1)
    if len(colours) < _FEWEST:
        return Tone(1.0, 0.0, grey)
    pixels = np.asarray(colours, np.float32)
    luminance = pixels @ LUMINANCE
    order = np.argsort(luminance, kind="stable")
    count = len(order) // _SHARES * _SHARES
    pixels = pixels[order[:count]].reshape(_SHARES, -1, 3)  # shares, n, 3
    level = luminance[order[:count]].reshape(_SHARES, -1)
    means, levels = pixels.mean(axis=1), level.mean(axis=1)
    around, off = level - levels[:, None], pixels - means[:, None]
    slope = (around[..., None] * off).sum(axis=1) / np.maximum((around**2).sum(axis=1), 1)[:, None]
    left = off - slope[:, None] * around[..., None]
    spread = float(np.sqrt((left**2).sum(axis=2).mean()))
    colours_own = np.sqrt(max(spread**2 - _ROUNDING**2, 0.0)) / max(float(luminance.mean()), 1.0)
    colourful = float(np.clip((colours_own - _SPREAD[0]) / (_SPREAD[1] - _SPREAD[0]), 0, 1))
    at, known = np.array([0.0, *levels, 255.0]), np.vstack([[0.0] * 3, means, [255.0] * 3])
    curve = [np.interp(np.arange(256), at, known[:, channel]) for channel in range(3)]
    return Tone(colourful, spread, np.stack(curve, axis=1).astype(np.float32))


def face_tone(face: RegisteredFace) -> Tone:
    """The tone of a registered face: of its skin, eyes and lips, and of nothing beside them."""
    outline = face.view.project(face.mesh[list(canonical_face().oval)])[:, :2]
    within = np.zeros((FACE_SIZE, FACE_SIZE), np.uint8)
    cv2.fillConvexPoly(within, cv2.convexHull(np.round(outline).astype(np.int32)), 255)
    within[~face.image.any(axis=2)] = 0
    size = (_SIDE, _SIDE)
    small = cv2.resize(face.image, size, interpolation=cv2.INTER_AREA)
    whole: npt.NDArray[np.bool_] = cv2.resize(within, size, interpolation=cv2.INTER_AREA) == 255
    return tone_of(np.asarray(small[whole], np.uint8))


def in_greys(crop: ImageArray) -> ImageArray:
    """A square picture around a face, (S, S, 3); in greys where the face has one tint only.

    The mesh network has seen colours and greys, and puts lips wrong in blue prints.
    """
    quarter = crop.shape[0] // 4
    middle = crop[quarter:-quarter, quarter:-quarter]
    small = cv2.resize(middle, (_SIDE // 2, _SIDE // 2), interpolation=cv2.INTER_AREA)
    if tone_of(np.asarray(small.reshape(-1, 3), np.uint8)).colourful >= 0.5:
        return crop
    grey = (crop @ LUMINANCE + np.float32(0.5)).astype(np.uint8)
    return np.repeat(grey[..., None], 3, axis=2)
