"""A view from close by: what is nearer to the lens is drawn larger.

Registration takes heads as seen from far away (weak perspective), and so does everything that is
drawn for training; a camera at arm's length does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from models.registration.face import FloatArray, View

_NEAREST: Final = 0.3
"""Least distance from the lens, as a share of the face's, that is still drawn."""


@dataclass(frozen=True, eq=False)
class Lens(View):
    """A view with perspective. `distance` is the lens's from the canonical origin, canonical units.

    Magnification is `scale` at the depth of the origin. A canonical unit, the
    distance between the eyes, is about 6 cm.
    """

    distance: float

    def project(self, points: FloatArray) -> FloatArray:
        """Canonical points (..., 3) -> (..., 3) pixels x, y and depth."""
        far = super().project(points)
        depth = (far[..., 2:] - self.offset[2]) / np.float32(self.scale * self.distance)
        far[..., :2] = self.offset[:2] + (far[..., :2] - self.offset[:2]) / np.maximum(
            1 + depth, np.float32(_NEAREST)
        )
        return far

    def resized(self, factor: float) -> Lens:
        """See `View.resized`."""
        plain = super().resized(factor)
        return Lens(plain.matrix, plain.offset, self.distance)
