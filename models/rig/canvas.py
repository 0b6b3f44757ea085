"""The part of a drawing that a mesh can reach, rasterised finer than it will be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from models.registration.face import FloatArray, View
from models.registration.raster import interpolate, rasterise
from models.rig.model import RigModel
from models.rig.subdivision import IntArray

_FINER: Final = 2
"""Drawings are made this many times as large and averaged down: smooth rims, no aliasing."""
_LARGE: Final = 320
"""Pixels of side above which a drawing is made as large as it is: its rims fade into a photo."""
Box = tuple[tuple[int, int], tuple[int, int]]
"""First x and y of a part of a drawing, and those just beyond it."""


@dataclass(frozen=True, eq=False)
class Canvas:
    """A mesh on the fine grid of a drawing.

    Attributes:
        size: side of the drawing in pixels.
        finer: fine pixels to a pixel of the drawing, each way.
        rows, columns: the part of the drawing that the fine grid covers.
        triangles: int32 (T, 3) of the mesh.
        index, barycentric: as `raster.rasterise` returns them, (h, w) and (h, w, 3).
        scale: fine pixels per canonical unit.
    """

    size: int
    finer: int
    rows: slice
    columns: slice
    triangles: IntArray
    index: IntArray
    barycentric: FloatArray
    scale: float

    def interpolate(self, attributes: FloatArray) -> FloatArray:
        """Vertex attributes (V, C) on the fine grid, float32 (h, w, C); 0 beyond the mesh."""
        return interpolate(self.index, self.barycentric, self.triangles, attributes)

    def reduced(self, colour: FloatArray) -> FloatArray:
        """Channels on the fine grid (h, w, C) as a drawing, float32 (size, size, C)."""
        out = np.zeros((self.size, self.size, colour.shape[2]), np.float32)
        out[self.rows, self.columns] = self.part(colour)
        return out

    def part(self, colour: FloatArray) -> FloatArray:
        """Channels on the fine grid as the part of a drawing in `rows` and `columns`."""
        height, width = colour.shape[0] // self.finer, colour.shape[1] // self.finer
        small = cv2.resize(colour, (width, height), interpolation=cv2.INTER_AREA)
        return np.asarray(small, np.float32)


def lay_out(
    model: RigModel, mesh: FloatArray, view: View, size: int, around: Box | None = None
) -> Canvas:
    """Rasterise a dense canonical mesh (V, 3) as `view` shows it on a drawing of `size` pixels.

    `around` limits it to a part of the drawing, which is then made finer at any size.

    Skin hides eyes and mouth at any depth. Their fillings follow the rims of lids and lips
    vertex by vertex, and where an opening closes they would fold over the skin that closes it.
    """
    triangles = model.dense.triangles
    finer = _FINER if size <= _LARGE or around else 1
    fine_view = view.resized(finer)
    screen = fine_view.project(mesh)
    low = np.clip(np.floor(screen[:, :2].min(axis=0) / finer), 0, size - 1).astype(int)
    high = np.clip(np.ceil(screen[:, :2].max(axis=0) / finer) + 1, low + 1, size).astype(int)
    if around:
        low = np.clip(around[0], low, high - 1)
        high = np.clip(around[1], low + 1, high)
    width, height = (high - low) * finer
    corner = np.array([*low, 0], np.float32) * finer
    index, barycentric = rasterise(
        screen - corner, triangles, int(height), int(width), model.skin_triangles
    )
    return Canvas(
        size=size,
        finer=finer,
        rows=slice(int(low[1]), int(high[1])),
        columns=slice(int(low[0]), int(high[0])),
        triangles=triangles,
        index=index,
        barycentric=barycentric,
        scale=fine_view.scale,
    )


_MARGIN: Final = 0.05
"""Canonical units of skin around an opening that are drawn finer with it."""
_STILL: Final = 1e-3
"""Canonical units of movement below which an opening is as in the photo."""


def openings(
    model: RigModel, rest: FloatArray, mesh: FloatArray, view: View, size: int
) -> list[Canvas]:
    """The parts of a large drawing of `mesh` where skin ends at eyes and teeth, which would show
    as stairs; not those that lie as they do in the photo, on the mesh `rest`."""
    if size <= _LARGE:
        return []
    screen, margin = view.project(mesh), _MARGIN * view.scale
    out = []
    for rims in model.openings:
        ends = [*rims.upper, *rims.lower]
        if np.abs(mesh[ends] - rest[ends]).max() < _STILL:
            continue
        rim = screen[ends, :2]
        low = np.floor(rim.min(axis=0) - margin).astype(int).tolist()
        high = np.ceil(rim.max(axis=0) + margin).astype(int).tolist()
        out.append(lay_out(model, mesh, view, size, ((low[0], low[1]), (high[0], high[1]))))
    return out
