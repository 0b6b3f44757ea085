"""Where the lips of a photographed mouth end, and whether they meet.

The mesh's inner lip contours are coarse: on full lips they lie apart although the mouth is shut,
and a wide smile's teeth reach beyond them. An opening drawn between such contours would show teeth
amid the lip, or tear teeth off with it. The line where shut lips meet is a dark valley, so both
contours are laid into it; parted lips end where their red gives way to teeth or dark. In a photo of
one tint there is no red to go by: teeth are then a bright band with an edge on either side, which
a pale lower lip, bright down to the skin, is not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from models.registration.face import FloatArray, View
from models.registration.pyramid import Pyramid
from models.rig.contact import Rims
from models.rig.light import LUMINANCE

BoolArray = npt.NDArray[np.bool_]

_SAMPLES: Final = 41
"""Places looked at between the upper and the lower lip's middle."""
_GRAIN: Final = 120
"""Places per canonical unit told apart in the photo: finer than a lip's edge, not than pores."""
_OPEN_HEIGHT: Final = 0.045
"""Canonical units between the inner contours below which a mouth counts as shut."""
_PALE: Final = (0.56, 0.06)
"""Teeth are less red than lips: the palest tenth of the gap below this share of the lips' redness
begins to count as teeth, and is sure of it one step further. On 136 photographs smiling mouths
with teeth measured 0.22 to 0.47, shut ones 0.62 and more."""
_LIP_EDGE: Final = 0.75
"""Share of the lips' redness below which a sample beside them is taken for teeth."""
_OUTWARD: Final = (-0.02, 0.09)
"""How far, in canonical units, an edge may lie inside and outside the mesh's contour."""
_BAND: Final = (1.08, 0.10)
"""Brightness of the gap's brightest part over the darkest above and below it, from which it begins
to count as teeth, and the step to certainty: of 108 neutral photos in grey and sepia none had more
than 1.06, and 29 of 34 smiles that show teeth had 1.2."""
_ACROSS: Final = 3
"""Columns to either side of the middle of the mouth in which a band of teeth is looked for."""
_ALONG: Final = np.linspace(-0.6, 1.6, 45)
"""Places in a column that profiles are taken at; 0 and 1 are the upper and lower contour."""
_BETWEEN: Final = (0.05, 0.9)
_LAST: Final = 1.45
_DARK: Final = (0.45, 0.20)
"""Share of the gap that is much darker than the lips, and the step to certainty."""
_WIDE: Final = (0.15, 0.03)
"""Height of the gap that no shut mouth reaches, and the step to certainty."""


_INNER: Final = slice(3, -3)
"""Columns away from the corners of the mouth."""


@dataclass(frozen=True, eq=False)
class Lips:
    """Edges of the lips at each pair of rim vertices.

    Attributes:
        openness: 0 shut to 1 open.
        upper, lower: float32 (K,), canonical y of the edges; equal where the lips meet.
    """

    openness: float
    upper: FloatArray
    lower: FloatArray


def look_at_lips(
    rims: Rims,
    dense: FloatArray,
    lip_middles: FloatArray,
    view: View,
    pyramid: Pyramid,
    *,
    colours: bool = True,
) -> Lips:
    """Look for teeth, dark or a valley between the inner contours.

    Args:
        rims: the inner lips.
        dense: (V, 3) canonical mesh.
        lip_middles: (2, K, 3), points on the upper and the lower lip's red beside each rim vertex.
        view: canonical frame -> photo pixels.
        pyramid: of the photo.
        colours: whether the face has colours by which teeth can be told from lips.
    """
    upper, lower = dense[list(rims.upper)], dense[list(rims.lower)]
    share = np.linspace(0, 1, _SAMPLES, dtype=np.float32)[:, None, None]
    column = lip_middles[0] + (lip_middles[1] - lip_middles[0]) * share  # S, K, 3
    points = view.project(column)[..., :2]
    colour = pyramid.sample(points, max(1.0, view.scale / _GRAIN)).astype(np.float32)
    luminance = np.asarray(cv2.GaussianBlur(colour @ LUMINANCE, (1, 5), 0), np.float32)
    height = np.asarray(column[..., 1], np.float32)
    between = (height >= upper[:, 1]) & (height <= lower[:, 1])
    gaps = rims.gaps(dense)
    teeth = _palest(colour, luminance, between) if colours else _band(luminance, height, between)
    openness = _openness(teeth, colour, luminance, between, gaps)
    meeting = _valley(luminance, height, upper[:, 1], lower[:, 1])
    if openness == 0:
        return Lips(0.0, meeting, meeting)
    inside = _is_inside(colour, luminance, between, colours)
    top, bottom = _edges(inside, height, upper[:, 1], lower[:, 1])
    open_share = np.float32(openness)
    return Lips(
        openness, meeting + (top - meeting) * open_share, meeting + (bottom - meeting) * open_share
    )


def _openness(
    teeth: float, colour: FloatArray, luminance: FloatArray, between: BoolArray, gaps: FloatArray
) -> float:
    gap = float(gaps[_INNER].mean())
    if gap < _OPEN_HEIGHT or not between[:, _INNER].any():
        return 0.0
    lip_luminance, _ = _lip_tone(colour)
    level = np.maximum(luminance[:, _INNER][between[:, _INNER]], 1)
    dark = float((level < 0.45 * lip_luminance).mean())
    evidence = (teeth, (dark - _DARK[0]) / _DARK[1], (gap - _WIDE[0]) / _WIDE[1])
    return float(np.clip(max(evidence), 0, 1))


def _palest(colour: FloatArray, luminance: FloatArray, between: BoolArray) -> float:
    """Evidence for teeth, sure from 1: how little red the palest tenth of the gap has."""
    inside = colour[:, _INNER][between[:, _INNER]]
    if not len(inside):
        return 0.0
    level = np.maximum(luminance[:, _INNER][between[:, _INNER]], 1)
    redness = float(np.percentile((inside[:, 0] - inside[:, 2]) / level, 10))
    return (_PALE[0] - redness / _lip_tone(colour)[1]) / _PALE[1]


def _band(luminance: FloatArray, height: FloatArray, between: BoolArray) -> float:
    """Evidence for teeth, sure from 1: how far a band in the gap is brighter than its two sides."""
    middle = luminance.shape[1] // 2
    profiles = []
    for column in range(middle - _ACROSS, middle + _ACROSS + 1):
        gap = height[between[:, column], column]
        if len(gap) > 1:
            along = (height[:, column] - gap[0]) / max(float(gap[-1] - gap[0]), 1e-3)
            profiles.append(np.interp(_ALONG, along, luminance[:, column]))
    if not profiles:
        return 0.0
    profile = np.maximum(np.mean(profiles, axis=0), 1)
    inside = np.flatnonzero((_BETWEEN[0] <= _ALONG) & (_BETWEEN[1] >= _ALONG))
    brightest = int(inside[profile[inside].argmax()])
    above = float(profile[: brightest + 1].min())
    below = float(profile[brightest : int((_ALONG <= _LAST).sum())].min())
    return (float(profile[brightest]) / max(above, below) - _BAND[0]) / _BAND[1]


def _lip_tone(colour: FloatArray) -> tuple[float, float]:
    """Luminance 0..255 and redness (red minus blue over luminance) in the middle of the lips."""
    lips = np.median(colour[[0, 1, -2, -1]].reshape(-1, 3), axis=0)
    luminance = max(float(lips @ LUMINANCE), 1.0)
    return luminance, max(float(lips[0] - lips[2]) / luminance, 0.05)


def _is_inside(
    colour: FloatArray, luminance: FloatArray, between: BoolArray, colours: bool
) -> BoolArray:
    """Which samples (S, K) are teeth or dark rather than lip."""
    lip_luminance, lip_redness = _lip_tone(colour)
    if colours:
        pale = (colour[..., 0] - colour[..., 2]) / np.maximum(
            luminance, 1
        ) < _LIP_EDGE * lip_redness
    else:
        brightest = float(np.percentile(luminance[between], 90))
        pale = luminance > max((lip_luminance + brightest) / 2, _BAND[0] * lip_luminance)
    return np.asarray(pale | (luminance < 0.5 * lip_luminance), np.bool_)


def _edges(
    inside: BoolArray, height: FloatArray, upper: FloatArray, lower: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Where teeth or dark end above and below, per column, near the mesh's own contours."""
    samples, columns = inside.shape
    top, bottom = upper.copy(), lower.copy()
    for column in range(2, columns - 2):
        middle = int(np.abs(height[:, column] - (upper[column] + lower[column]) / 2).argmin())
        below = np.flatnonzero(~inside[middle:, column])
        end = middle + int(below[0]) if len(below) else samples - 1
        bottom[column] = lower[column] + np.clip(height[end, column] - lower[column], *_OUTWARD)
        above = np.flatnonzero(~inside[: middle + 1, column])
        start = int(above[-1]) if len(above) else 0
        top[column] = upper[column] - np.clip(upper[column] - height[start, column], *_OUTWARD)
    return _smoothed(top, upper), _smoothed(bottom, lower)


def _smoothed(line: FloatArray, contour: FloatArray) -> FloatArray:
    """`line` smooth along the mouth, and on `contour` at its corners."""
    off = np.convolve(np.pad(line - contour, 1, mode="edge"), [0.25, 0.5, 0.25], mode="valid")
    off[[0, -1]] = 0
    return np.asarray(contour + off, np.float32)


def _valley(
    luminance: FloatArray, height: FloatArray, upper: FloatArray, lower: FloatArray
) -> FloatArray:
    """y of the darkest line through the columns (S, K), smooth along the mouth."""
    middle = (upper + lower) / 2
    half = np.maximum((lower - upper) / 2, 0.02) + 0.015
    off = (height - middle) / half
    relative = luminance / np.maximum(luminance.mean(axis=0), 1)
    cost = relative + 0.10 * off**2 + 10.0 * (np.abs(off) > 1)
    samples, columns = cost.shape
    step = np.abs(np.arange(samples)[:, None] - np.arange(samples)[None])
    total, back = cost[:, 0], []
    for index in range(1, columns):
        routes = total[None] + 0.02 * step  # to, from
        back.append(routes.argmin(axis=1))
        total = routes.min(axis=1) + cost[:, index]
    row = int(total.argmin())
    rows = [row]
    for choice in reversed(back):
        row = int(choice[row])
        rows.append(row)
    line = height[np.array(rows[::-1]), np.arange(columns)]
    return _smoothed(line, np.asarray(middle, np.float32))
