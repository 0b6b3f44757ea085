"""The flat map of the canonical face on which appearance changes are kept.

Maps are log ratios of brightness (drawn over neutral), laid out by the canonical x, y of the
neutral face, so a fold stays on its piece of skin wherever the skin moves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from models.registration.raster import interpolate, rasterise
from models.rig.subdivision import IntArray

FloatArray = npt.NDArray[np.float32]

MAP_SHAPE: Final = (192, 160)
"""Rows and columns: a pixel is about a millimetre, the width of a crease."""
_X: Final = (-1.2, 1.2)
_Y: Final = (-1.44, 1.44)
UNIT: Final = MAP_SHAPE[0] / (_Y[1] - _Y[0])
"""Pixels of the map per canonical unit."""
_ENLARGED: Final = 2
"""Times that a finished map is enlarged, smoothly, before pixels look it up between its own."""


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


@dataclass(frozen=True, eq=False)
class MapLayout:
    """Which skin of the dense mesh lies at each pixel of the map.

    Attributes:
        triangles: int32 (T, 3), of the skin.
        index, barycentric: as `raster.rasterise` returns them.
    """

    triangles: IntArray
    index: IntArray
    barycentric: FloatArray

    @property
    def covered(self) -> npt.NDArray[np.bool_]:
        """(H, W): where there is skin."""
        return self.index >= 0

    def interpolate(self, attributes: FloatArray) -> FloatArray:
        """Vertex attributes (V, C) on the map, float32 (H, W, C); 0 where there is no skin."""
        return interpolate(self.index, self.barycentric, self.triangles, attributes)


def lay_on_map(neutral: FloatArray, triangles: IntArray) -> MapLayout:
    """Lay the skin `triangles` (T, 3) of the dense canonical face `neutral` (V, 3) on the map."""
    flat = np.column_stack([map_coordinates(neutral), neutral[:, 2]])
    return MapLayout(triangles, *rasterise(flat, triangles, *MAP_SHAPE))


def enlarged(finished: FloatArray) -> FloatArray:
    """A map (H, W), smoothly larger, to be looked up at `enlarged_coordinates`."""
    height, width = finished.shape
    return np.asarray(
        cv2.resize(
            finished, (width * _ENLARGED, height * _ENLARGED), interpolation=cv2.INTER_CUBIC
        ),
        np.float32,
    )


def enlarged_coordinates(points: FloatArray) -> FloatArray:
    """Canonical points (V, >=2) -> pixel x, y (V, 2) of an enlarged map."""
    return np.asarray((map_coordinates(points) + 0.5) * _ENLARGED - 0.5, np.float32)
