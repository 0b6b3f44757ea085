"""Midpoint subdivision of the face mesh: more vertices, the same surface.

The 468 vertices that registration finds are too coarse to carry a nasolabial fold or a lid crease.
Two midpoint subdivisions give about 7,000. Every new vertex is a fixed mix of old ones, so a dense
neutral face is the registered face to the last bit, and only displacements need the new vertices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class Subdivision:
    """A refined triangulation.

    Attributes:
        triangles: int32 (T, 3) over the V refined vertices; the first ones are the coarse ones.
        parents: int32 (V, 4), coarse vertices each refined vertex is mixed from.
        weights: float32 (V, 4), rows sum to 1.
        faces: int32 (T,), the coarse triangle each refined triangle lies in.
    """

    triangles: IntArray
    parents: IntArray
    weights: FloatArray
    faces: IntArray

    def refine(self, values: FloatArray) -> FloatArray:
        """Per-vertex values of the coarse mesh (C, K) -> of the refined one (V, K)."""
        mixed = np.einsum("vp,vpk->vk", self.weights, values[self.parents])
        return np.asarray(mixed, np.float32)


def subdivide(triangles: IntArray, vertex_count: int, levels: int) -> Subdivision:
    """Split every triangle in four at its edge midpoints, `levels` times (at most 2).

    Raises:
        ValueError: more than two levels, for which four parents no longer suffice.
    """
    if not 0 <= levels <= 2:
        raise ValueError(f"levels must be 0, 1 or 2, not {levels}")
    rows = [{vertex: 1.0} for vertex in range(vertex_count)]
    faces = np.arange(len(triangles), dtype=np.int32)
    for _ in range(levels):
        triangles = _split(triangles, rows)
        faces = np.repeat(faces, 4)
    parents = np.zeros((len(rows), 4), np.int32)
    weights = np.zeros((len(rows), 4), np.float32)
    for index, row in enumerate(rows):
        parents[index, : len(row)] = list(row)
        weights[index, : len(row)] = list(row.values())
    return Subdivision(triangles, parents, weights, faces)


def _split(triangles: IntArray, rows: list[dict[int, float]]) -> IntArray:
    """One level; appends the parents and weights of the new vertices to `rows`."""
    midpoints: dict[tuple[int, int], int] = {}

    def midpoint(a: int, b: int) -> int:
        edge = (min(a, b), max(a, b))
        if edge not in midpoints:
            midpoints[edge] = len(rows)
            mixed: dict[int, float] = {}
            for end in edge:
                for parent, weight in rows[end].items():
                    mixed[parent] = mixed.get(parent, 0.0) + weight / 2
            rows.append(mixed)
        return midpoints[edge]

    out = []
    for a, b, c in triangles.tolist():
        ab, bc, ca = midpoint(a, b), midpoint(b, c), midpoint(c, a)
        out += [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
    return np.array(out, np.int32)
