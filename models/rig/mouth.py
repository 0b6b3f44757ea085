"""What an opening mouth shows: upper teeth on the skull, lower teeth and tongue on the jaw, dark.

All in the canonical frame of the person: x from the middle of the mouth and y from the line where
the lips met, both in units of the person's own mouth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from models.rig.light import LUMINANCE

FloatArray = npt.NDArray[np.float32]
ByteArray = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.floating]
"""Float32 or float64: colours are mixed in the latter."""

TEETH_X: Final = (-0.46, 0.46)
TEETH_Y: Final = (-0.22, 0.16)
"""Extent of a teeth picture in canonical units, around the middle of the closed mouth."""

_TEETH_ACROSS: Final = np.float32(0.87)
"""Across a picture of teeth for what is across the mouth: smiles bare them up to its corners."""
_CAVITY: Final = np.array([44.0, 17.0, 16.0])
_TONGUE: Final = np.array([150.0, 72.0, 70.0])
_MEAN_SKIN: Final = np.array([1.223, 0.917, 0.840])
"""Colour over luminance of the cheeks of 108 people in neutral light."""
_LOWER_TOP: Final = 0.015
"""Where the edge of the lower teeth lies below the closed mouth's line, jaw shut."""
_LOWER_HEIGHT: Final = 0.11
_TONGUE_RISE: Final = 0.17
"""How far above the lower teeth's edge the tongue begins to show, canonical units."""


@dataclass(frozen=True, eq=False)
class MouthState:
    """One drawn mouth.

    Attributes:
        middle: canonical (x, y) of the closed mouth's middle.
        width: the person's mouth width over the canonical face's.
        jaw: how far the jaw is down, canonical units.
        teeth: (3,) RGB 0..255 of well-lit teeth in this photo.
    """

    middle: tuple[float, float]
    width: float
    jaw: float
    teeth: FloatArray


def teeth_colour(skin: float, sclera: FloatArray) -> FloatArray:
    """RGB (3,) 0..255 of teeth in the light of this photo.

    Linear fit of luminance on smiling faces (residual 23 levels); `skin` is the cheeks' luminance,
    `sclera` (3,) the colour of the whites of the eyes, whose brightness bounds it in a dark photo
    and whose cast it takes half of.
    """
    white = float(sclera @ LUMINANCE)
    level = float(np.clip(min(131 + 0.30 * skin, 1.15 * white + 25), 30, 245))
    cast = 0.5 + 0.5 * sclera / max(white, 1.0)
    return np.asarray(level * cast / max(float(cast @ LUMINANCE), 0.1), np.float32)


def white_beside(skin: ByteArray) -> FloatArray:
    """RGB (3,) that the white of an eye would have beside skin (N, 3) RGB, where none is seen.

    How warm the light is, skin tells by how its red and blue differ from those of the mean skin of
    108 people; light is never green. Whites are 1.5 times as bright as dark skin, and at most 230.
    """
    middle = np.median(skin, axis=0)
    level = max(float(middle @ LUMINANCE), 1.0)
    shares = middle / level / _MEAN_SKIN
    warm = float(np.clip(np.sqrt(shares[0] / max(float(shares[2]), 0.1)), 0.85, 1.15))
    cast = np.array([warm, 1.0, 1 / warm])
    white = cast / max(float(cast @ LUMINANCE), 0.1) * min(1.5 * level, 230.0)
    return np.asarray(white, np.float32)


def draw_interior(
    state: MouthState, teeth: ByteArray, at: FloatArray, roof: FloatArray, floor: FloatArray
) -> FloatArray:
    """Colours of points inside the open mouth.

    Args:
        state: the mouth.
        teeth: (H, W, 4) one set of upper teeth.
        at: (P, 2) canonical x, y of the points.
        roof, floor: (P,) canonical y of the upper and lower lip's edge above and below each.

    Returns:
        float32 (P, 3) RGB 0..255.
    """
    x = (at[:, 0] - state.middle[0]) / state.width
    y = (at[:, 1] - state.middle[1]) / state.width
    jaw = state.jaw / state.width
    level = float(state.teeth.mean())
    tint = state.teeth / 255
    opening = np.maximum(floor - roof, 1e-4)
    depth = np.clip((at[:, 1] - roof) / 0.035, 0, 1)
    out: Floats = np.tile(_CAVITY * (level / 190), (len(at), 1))
    out = _over(out, _TONGUE * (level / 190), _tongue(x, y - jaw, jaw))
    lower_colour, lower_alpha = _lower_teeth(teeth, x, y - jaw)
    out = _over(out, lower_colour * tint * 0.80, lower_alpha * _far(x, 0.26))
    upper = _look_up(teeth, x * _TEETH_ACROSS, y)
    lit = 0.35 + 0.65 * _far(x, 0.50)[:, None]
    out = _over(out, upper[:, :3] * tint * lit, upper[:, 3] / 255)
    # Lips shade what lies behind them, most under the upper lip and in a narrow opening.
    narrow = np.clip(opening / 0.05, 0, 1)
    shade = (0.58 + 0.42 * depth**0.7) * (0.68 + 0.32 * narrow)
    return np.asarray(out * shade[:, None], np.float32)


def _over(below: Floats, colour: Floats, alpha: Floats) -> Floats:
    """Colours (P, 3) with `colour` laid over `below` by `alpha` (P,), 0..1."""
    return np.asarray(below + (colour - below) * alpha[:, None])


def _look_up(teeth: ByteArray, x: FloatArray, y: FloatArray) -> FloatArray:
    """RGBA (P, 4) 0..255 of a set of teeth at x, y (P,); 0 beyond it."""
    height, width = teeth.shape[:2]
    column = (x - TEETH_X[0]) / (TEETH_X[1] - TEETH_X[0]) * width - 0.5
    row = (y - TEETH_Y[0]) / (TEETH_Y[1] - TEETH_Y[0]) * height - 0.5
    picked = cv2.remap(
        teeth, column.astype(np.float32)[None], row.astype(np.float32)[None], cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
    )  # fmt: skip
    return np.asarray(picked[0], np.float32)


def _lower_teeth(teeth: ByteArray, x: FloatArray, y: FloatArray) -> tuple[FloatArray, Floats]:
    """The upper set turned over and narrower; its edge, at `_LOWER_TOP`, curves up at the sides."""
    edge = _LOWER_TOP - 0.10 * x * x
    down = (y - edge) / _LOWER_HEIGHT
    colour = _look_up(teeth, x * 1.45, np.asarray(0.035 - down * 0.115, np.float32))[:, :3]
    alpha = np.clip(down / 0.12, 0, 1) * np.clip((1.25 - down) / 0.25, 0, 1)
    return colour, alpha


def _tongue(x: FloatArray, y: FloatArray, jaw: float) -> Floats:
    """The tongue's back rises out of the dark behind the lower teeth once the jaw is down."""
    rise = np.clip((y + _TONGUE_RISE - 0.7 * x * x) / 0.15, 0, 1)
    shown = np.clip((jaw - 0.05) / 0.10, 0, 1)
    return np.asarray(0.85 * rise * rise * (3 - 2 * rise) * shown)


def _far(x: FloatArray, half: float) -> Floats:
    """1 in the middle, falling to 0 where the arch turns away at `half`."""
    return np.clip((half - np.abs(x)) / (0.35 * half), 0, 1)
