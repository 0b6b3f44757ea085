"""What of a face a photo shows, and how far to trust what is read from it or drawn on it.

The mesh network lays its mesh over masks and sunglasses as if they were skin, and is as sure of
itself there. What is seen is told from the pixels below the mesh: lips are lighter and darker than
skin within a few pixels, eyes are light and dark, and a nose bears no bar between the eyes. One
luminance patch of the eyes, one of the mouth and the blurred colours at the mesh's vertices are
looked at, 0.6 ms a face on one core. The figures at each limit are of 176 studio photos of 108
people, on half of which masks, sunglasses and glasses were drawn, and of 407 other portraits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, get_args

import cv2
import numpy as np
import numpy.typing as npt

from models.registration.canonical import canonical_face
from models.registration.face import FloatArray, Pose, Visibility, VisibilityWarning
from models.registration.pyramid import Pyramid
from models.registration.tone import LUMINANCE

__all__ = ["WARNINGS", "Visibility", "VisibilityWarning", "assess"]

WARNINGS: Final[tuple[VisibilityWarning, ...]] = get_args(VisibilityWarning)
"""Every warning there is, in the order in which they are listed."""

_SMALL: Final = 48.0
"""Pixels below which what is fine on a face is lost, and hidden parts cannot be told."""
_GOOD: Final = 112.0
"""Pixels from which more are of no use: half of a registered image."""
_SURE: Final = 0.78
"""Least sureness of both networks of a person: 0.83 of 583 photos, 0.78 under masks."""
_OUTSIDE: Final = 0.08
"""Share of the mesh beyond the photo that is warned of: a forehead cut off at the hairline is
less."""
_BLUR: Final = 64.0
"""Pixels across the face in which colours are compared: no pores, no stubble."""
_FLAT_MOUTH: Final = (0.03, 0.05, 0.10)
"""Unevenness of brightness down the mouth (log, root mean square off a parabola): below the first
there are no lips, below the second and third none if cloth's colour or the detector says so too. Of
bare faces 0.04 to 0.43; under masks 0.01 to 0.08."""
_CLOTH: Final = (0.35, 0.20)
"""Difference of the lower face from forehead and nose, log brightness off the usual -0.15 and log
colour, from which it may be cloth: of studio portraits up to 0.36 and 0.14."""
_LIPLESS: Final = 0.10
"""Difference in log colour between lips and what is around them, below which they may be cloth."""
_DOUBTED: Final = 0.885
"""Sureness of the detector that few bare faces stay below."""
_FLAT_EYE: Final = 0.22
"""Range of brightness within an eye over the skin's: 0.36 and more in bare eyes, also behind clear
glasses; 0.02 to 0.13 behind dark ones."""
_BAR: Final = 0.13
"""Contrast (log) of the sharpest bar across the bridge of the nose: at most 0.08 on 176 bare faces;
glasses of metal and horn have 0.2 to 1.2."""

_FOREHEAD: Final = (9, 151, 108, 337, 107, 336, 8, 6, 197)
_CHEEKS: Final = (50, 280, 101, 330, 36, 266, 118, 347, 4, 5)
_LOWER: Final = (200, 199, 175, 18, 194, 418, 204, 424, 207, 427, 214, 434, 212, 432, 164, 165,
                 391, 135, 364)  # fmt: skip
_LIPS: Final = (0, 37, 267, 17, 84, 314, 13, 14, 82, 312, 87, 317)
_EYE_CORNERS: Final = ((33, 133), (362, 263))
_MOUTH: Final = (61, 291, 0, 17)
_CHIN: Final = 152
_PER_EYES: Final = 64
"""Samples of the patch around the eyes to the distance between them."""
_EYES_X: Final = (-0.80, 0.80)
_EYES_Y: Final = (-0.20, 0.34)
_LINE: Final = 11
"""Samples that a bar is compared with, along the nose."""


def assess(
    pyramid: Pyramid, points: FloatArray, pose: Pose, *, sureness: float = 1.0
) -> Visibility:
    """What is seen of the face whose mesh is `points`, (468, 3) in pixels of the photo.

    Args:
        pyramid: of the photo.
        points: the mesh that was found.
        pose: how the head is turned.
        sureness: 0 to 1, the lesser of what detector and mesh network say.
    """
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    side = float((high - low).mean())
    outside = _outside(pyramid, points)
    found: set[VisibilityWarning] = set()
    if sureness < _SURE:
        found.add("not-sure-a-person")
    if outside > _OUTSIDE or _features_outside(pyramid, points):
        found.add("beyond-the-edge")
    if side < _SMALL:
        found.add("too-small")
    else:
        mouth_hidden = _lower_face_hidden(pyramid, points, side, sureness)
        eyes = _eyes(pyramid, points)
        if mouth_hidden:
            found.add("lower-face-hidden")
        if eyes.brightness < _FLAT_EYE:
            found.add("eyes-hidden")
        if eyes.bar > _BAR:
            found.add("glasses")
    return Visibility(
        _quality(side, outside, pose, sureness, found),
        tuple(warning for warning in WARNINGS if warning in found),
    )


def _quality(
    side: float, outside: float, pose: Pose, sureness: float, found: set[VisibilityWarning]
) -> float:
    """0 to 1: the product of what size, turn, edge, doubt and hidden parts leave."""
    size = np.clip(side / _GOOD, 0, 1)
    turned = np.cos(np.radians(np.clip(pose.yaw, -90, 90))) * np.cos(
        np.radians(np.clip(pose.pitch, -90, 90))
    )
    sure = np.clip((sureness - 0.5) / 0.4, 0, 1)
    hidden = (0.5 if "lower-face-hidden" in found else 1) * (0.5 if "eyes-hidden" in found else 1)
    rims = 0.9 if "glasses" in found else 1
    return round(float(size * turned * sure * (1 - outside) * hidden * rims), 3)


def _outside(pyramid: Pyramid, points: FloatArray) -> float:
    """Share of points that lie beyond the photo."""
    x, y = points[:, 0], points[:, 1]
    beyond = (x < -0.5) | (y < -0.5) | (x > pyramid.width - 0.5) | (y > pyramid.height - 0.5)
    return float(beyond.mean())


def _features_outside(pyramid: Pyramid, points: FloatArray) -> bool:
    face = canonical_face()
    features = [
        vertex
        for opening in (face.outer_lips, face.right_eye, face.left_eye)
        for contour in (opening.upper, opening.lower)
        for vertex in contour
    ]
    return _outside(pyramid, points[features]) > 0


def _lower_face_hidden(pyramid: Pyramid, points: FloatArray, side: float, sureness: float) -> bool:
    """Whether cloth, or a hand, covers mouth and chin."""
    uneven = _mouth_unevenness(pyramid, points)
    if uneven < _FLAT_MOUTH[0]:
        return True
    if uneven >= _FLAT_MOUTH[2]:
        return False
    colours = pyramid.sample(points[:, :2], max(1.0, side / _BLUR)).astype(np.float32)
    level, hue = np.log(np.maximum(colours @ LUMINANCE, 4)), _hue(colours)
    upper, lower, lips = (list(group) for group in (_FOREHEAD, _LOWER, _LIPS))
    darker = abs(float(np.median(level[lower]) - np.median(level[upper])) + 0.15)
    other = _apart(hue, lower, upper)
    if uneven < _FLAT_MOUTH[1]:
        return darker > _CLOTH[0] or other > _CLOTH[1] or sureness < _DOUBTED
    return other > _CLOTH[1] and _apart(hue, lips, lower) < _LIPLESS


def _hue(colours: FloatArray) -> FloatArray:
    """(N, 2): log of red over green and of blue over green."""
    raised = colours + 8
    return np.asarray(np.log(raised[:, [0, 2]] / raised[:, 1:2]), np.float32)


def _apart(hue: FloatArray, one: list[int], other: list[int]) -> float:
    return float(np.linalg.norm(np.median(hue[one], axis=0) - np.median(hue[other], axis=0)))


def _mouth_unevenness(pyramid: Pyramid, points: FloatArray) -> float:
    """How brightness runs down the middle of the mouth, log, off a parabola: root mean square."""
    right, left, top, bottom = (points[vertex, :2] for vertex in _MOUTH)
    across = left - right
    width = max(float(np.linalg.norm(across)), 1.0)
    along = across / width
    down = np.array([-along[1], along[0]])
    if (points[_CHIN, :2] - right) @ down < 0:
        down = -down
    start, height = float((top - right) @ down), float((bottom - top) @ down)
    x, y = np.meshgrid(np.linspace(0.25, 0.75, 12), np.linspace(-0.5, 1.5, 40))
    at = right + (x * width)[..., None] * along + (start + y * height)[..., None] * down
    colours = pyramid.sample(at.astype(np.float32), max(1.0, height / 16)).astype(np.float32)
    level = np.log(np.maximum(colours @ LUMINANCE, 6)).mean(axis=1)
    return float(np.std(level - np.polyval(np.polyfit(y[:, 0], level, 2), y[:, 0])))


@dataclass(frozen=True)
class _Eyes:
    """`brightness`: the lesser range within an eye, over the skin's; `bar`: across the nose."""

    brightness: float
    bar: float


def _eyes(pyramid: Pyramid, points: FloatArray) -> _Eyes:
    right, left = (points[list(corners), :2].mean(axis=0) for corners in _EYE_CORNERS)
    apart = max(float(np.linalg.norm(left - right)), 1.0)
    along = (left - right) / apart
    down = np.array([-along[1], along[0]])
    if (points[_CHIN, :2] - right) @ down < 0:
        down = -down
    step = 1 / _PER_EYES
    x, y = np.meshgrid(np.arange(*_EYES_X, step), np.arange(*_EYES_Y, step))
    at = (right + left) / 2 + (x * apart)[..., None] * along + (y * apart)[..., None] * down
    patch = pyramid.sample(at.astype(np.float32), max(1.0, apart * step)).astype(np.float32)
    level = np.asarray(patch @ LUMINANCE, np.float32)
    skin = pyramid.sample(points[list(_CHEEKS), :2], max(1.0, apart / 24)) @ LUMINANCE
    ranges = []
    for middle in (-0.5, 0.5):
        eye = level[(np.abs(y) < 0.12) & (np.abs(x - middle) < 0.22)]
        spread = np.percentile(eye, 95) - np.percentile(eye, 5)
        ranges.append(float(spread) / max(float(np.median(skin)), 1.0))
    return _Eyes(min(ranges), _bar(level, x, y))


def _bar(level: FloatArray, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> float:
    """Contrast of the sharpest line across the bridge of the nose."""
    log = cv2.blur(np.log(np.maximum(level, 6)), (7, 1))
    sharp = np.abs(cv2.blur(log, (1, 3)) - cv2.blur(log, (1, _LINE)))
    nose = (np.abs(x[0]) <= 0.08)[None] & ((y[:, 0] > -0.15) & (y[:, 0] < 0.28))[:, None]
    rows = np.flatnonzero(nose.any(axis=1))
    return float(sharp[rows][:, nose[rows[0]]].mean(axis=1).max())
