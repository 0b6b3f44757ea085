"""From AU intensities to a displaced mesh: the basis summed, then lids and lips brought to meet."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from models.facs import MAX_INTENSITY, SUPPORTED_AUS
from models.rig.contact import Rims
from models.rig.model import RigModel

FloatArray = npt.NDArray[np.float32]

_AU: Final = {au: index for index, au in enumerate(SUPPORTED_AUS)}
_UPPER_LID_SHARE: Final = 0.93
"""Share of the eye's height that the upper lid covers when the eye closes."""
_TIGHT_LOWER_LID: Final = 0.38
_TIGHT_UPPER_LID: Final = 0.12
"""Shares of the eye's height that AU07 at E takes away from below and above."""
_WIDENING: Final = (0.55, 1.2)
"""Least and most of AU05's field that an eye takes, by its height at rest."""
_NOTICEABLE: Final = 0.01
"""Height of a mouth's opening, canonical units, below which it is a line."""


def gains(intensities: FloatArray) -> FloatArray:
    """Intensities (18, 2) 0..5 -> how far each AU's field is applied, 0..1.

    Linear in intensity, so that A to E grow evenly; where two AUs work against each other the
    stronger muscle wins: closing eyes cannot be raised, pressed lips part less.
    """
    gain = np.asarray(np.clip(intensities / MAX_INTENSITY, 0, 1), np.float32)
    gain[_AU["AU05"]] *= 1 - gain[_AU["AU43"]]
    pressed = np.maximum(gain[_AU["AU24"]], 0.6 * gain[_AU["AU23"]])
    gain[_AU["AU25"]] *= 1 - 0.6 * pressed
    gain[_AU["AU24"]] *= 1 - 0.5 * gain[_AU["AU26"]]
    return gain


def expressed(
    model: RigModel, person: FloatArray, target: FloatArray, source: FloatArray | None
) -> FloatArray:
    """The dense face `person` (V, 3), who shows AUs `source`, with AUs `target` instead.

    Both are (18, 2) intensities 0..5; `source` is neutral when None.
    """
    return displaced(model, at_rest(model, person, source), gains(target))


def at_rest(model: RigModel, person: FloatArray, source: FloatArray | None) -> FloatArray:
    """`person` (V, 3) without the expression `source` (18, 2); lips that were parted meet again."""
    if source is None or not source.any():
        return person
    shown = gains(source)
    person = 2 * person - displaced(model, person, shown)
    lips = model.lips
    gap = np.maximum(lips.gaps(person), 0) if shown[_AU["AU25"]].any() else None
    if gap is None:
        return person
    shift = np.zeros((len(gap), 3), np.float32)
    shift[:, 1] = gap
    return lips.move(person, 0.5 * shift, -0.5 * shift)


def displaced(model: RigModel, person: FloatArray, gain: FloatArray) -> FloatArray:
    """The dense face `person` (V, 3) with AU `gain` (18, 2), canonical units, float32 (V, 3)."""
    left = model.left_share[:, None]
    out = person.copy()
    gain = gain.copy()
    gain[_AU["AU05"]] *= _eye_sizes(model, person)
    for index in np.flatnonzero(gain.any(axis=1)):
        right_gain, left_gain = float(gain[index, 1]), float(gain[index, 0])
        out += model.basis[index] * (right_gain + (left_gain - right_gain) * left)
    for side, eye in enumerate((model.left_eye, model.right_eye)):
        out = eye.curved(_close_lids(eye, person, out, gain[:, side]), person)
    return model.lips.curved(_seal_lips(model.lips, person, out, gain.max(axis=1)), person)


def _eye_sizes(model: RigModel, person: FloatArray) -> FloatArray:
    """Height of the left and right eye (2,) over the canonical ones: narrow eyes widen less."""
    eyes = (model.left_eye, model.right_eye)
    heights = [eye.gaps(person).max() / eye.gaps(model.neutral).max() for eye in eyes]
    return np.asarray(np.clip(heights, *_WIDENING), np.float32)


def _close_lids(eye: Rims, person: FloatArray, moved: FloatArray, gain: FloatArray) -> FloatArray:
    """Lids travel along the person's own opening, so closed is closed for every eye."""
    closing, tight = float(gain[_AU["AU43"]]), float(gain[_AU["AU07"]])
    if closing or tight:
        across = moved[list(eye.lower)] - moved[list(eye.upper)]
        down = closing * _UPPER_LID_SHARE + (1 - closing) * tight * _TIGHT_UPPER_LID
        up = closing * (1 - _UPPER_LID_SHARE) + (1 - closing) * tight * _TIGHT_LOWER_LID
        left = eye.gaps(moved) * np.float32(1 - down - up)
        moved = eye.move(moved, across * np.float32(down), -across * np.float32(up))
        # A rim vertex takes part of what its neighbours do: once more for what is missing.
        missing = np.zeros((len(left), 3), np.float32)
        missing[:, 1] = eye.gaps(moved) - left
        share = np.float32(down / (down + up))
        moved = eye.move(moved, missing * share, -missing * (1 - share))
    floor = np.minimum(eye.gaps(person), 0.0).astype(np.float32)
    return eye.separated(eye.separated(moved, floor, upper_share=0.5), floor, upper_share=0.5)


def _seal_lips(lips: Rims, person: FloatArray, moved: FloatArray, gain: FloatArray) -> FloatArray:
    """Lips part only where an AU that parts them is drawn, and never pass through each other."""
    raised = max(0.0, float(gain[_AU["AU10"]]) - 0.35)
    parting = min(1.0, 5 * float(gain[_AU["AU25"]] + gain[_AU["AU26"]]) + 0.8 * raised)
    neutral = lips.gaps(person)
    excess = np.maximum(lips.gaps(moved) - neutral, 0) * np.float32(1 - parting)
    if excess.any():
        shift = np.zeros((len(excess), 3), np.float32)
        shift[:, 1] = excess
        moved = lips.move(moved, 0.5 * shift, -0.5 * shift)
    floor = np.minimum(neutral, 0.0).astype(np.float32)
    for _ in range(2):
        moved = lips.separated(moved, floor, upper_share=0.4)
    return _rounded(lips, moved, neutral)


def _rounded(lips: Rims, moved: FloatArray, neutral: FloatArray) -> FloatArray:
    """The opening as one smooth arch: eleven rim vertices moved each by itself make it jagged."""
    opening = lips.gaps(moved) - np.maximum(neutral, 0)
    if float(opening.max()) < _NOTICEABLE:
        return moved
    x = moved[list(lips.upper), 0]
    across = 2 * (x - x[0]) / (x[-1] - x[0]) - 1
    arch = np.clip(1 - across**2, 0, 1) ** 1.2
    design = np.stack([arch, arch * across], axis=1)  # a height and a lean to one side
    height, *_ = np.linalg.lstsq(design, opening, rcond=None)
    shift = np.zeros((len(x), 3), np.float32)
    shift[:, 1] = np.maximum(design @ height, 0) - opening
    shift[[0, -1]] = 0
    return lips.move(moved, -0.25 * shift, 0.75 * shift)
