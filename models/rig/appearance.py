"""The flat map of the canonical face on which appearance changes are kept.

Maps are log ratios of brightness (drawn over neutral), laid out by the canonical x, y of the
neutral face, so a fold stays on its piece of skin wherever the skin moves.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]

MAP_SHAPE: Final = (384, 320)
"""Rows and columns: 132 pixels per canonical unit, twice a registered image's resolution."""
_X: Final = (-1.2, 1.2)
_Y: Final = (-1.44, 1.44)


def map_grid() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Canonical x and y of every map pixel's centre, each (H, W)."""
    height, width = MAP_SHAPE
    xs = _X[0] + (np.arange(width) + 0.5) / width * (_X[1] - _X[0])
    ys = _Y[0] + (np.arange(height) + 0.5) / height * (_Y[1] - _Y[0])
    x, y = np.meshgrid(xs, ys)
    return x, y


def map_coordinates(points: FloatArray) -> FloatArray:
    """Canonical points (V, >=2) -> map pixel x, y (V, 2), pixel centres at integers."""
    height, width = MAP_SHAPE
    column = (points[:, 0] - _X[0]) / (_X[1] - _X[0]) * width - 0.5
    row = (points[:, 1] - _Y[0]) / (_Y[1] - _Y[0]) * height - 0.5
    return np.stack([column, row], axis=1).astype(np.float32)
