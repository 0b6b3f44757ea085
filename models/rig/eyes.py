"""The eyeball behind the lids: a still layer that shows more or less of itself as lids move."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from models.rig.contact import Rims

FloatArray = npt.NDArray[np.float32]

_LASHES: Final = 0.16
"""Share of the eye's height below the upper lid that its lashes and shadow darken in the photo."""
_IRIS_MIDDLE: Final = 0.44
"""Where the iris has its middle, as a share of the eye's height from above."""


def eyeball_points(eye: Rims, person: FloatArray, moved: FloatArray, at: FloatArray) -> FloatArray:
    """Where on the photographed eye to look for each drawn eye point.

    The eyeball stays still, so that is the point itself while the photo shows it. What a raised
    upper lid uncovers was hidden in the photo and is taken from the mirror image below the middle
    of the iris, which is round.

    Args:
        eye: the opening.
        person, moved: dense canonical meshes (V, 3) before and after the lids moved.
        at: (P, 3) canonical points of the drawn eye.

    Returns:
        float32 (P, 3) canonical points in the photographed eye.
    """
    upper, lower = list(eye.upper), list(eye.lower)
    top = np.interp(at[:, 0], person[upper, 0], person[upper, 1])
    bottom = np.interp(at[:, 0], person[lower, 0], person[lower, 1])
    lifted = np.interp(at[:, 0], moved[upper, 0], person[upper, 1] - moved[upper, 1])
    height = np.maximum(bottom - top, 1e-3)
    raised = np.clip(lifted / (0.06 * height), 0, 1)
    hidden_above = top + _LASHES * height * raised
    middle = top + _IRIS_MIDDLE * height
    out = at.copy()
    depth_in_lashes = (hidden_above - at[:, 1]) / np.maximum(0.05 * height, 1e-4)
    mirrored = np.minimum(2 * middle - at[:, 1], bottom - 0.04 * height)
    share = np.clip(depth_in_lashes, 0, 1) * (raised > 0)
    out[:, 1] = np.where(share > 0.5, mirrored, at[:, 1])
    return out
