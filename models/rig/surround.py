"""The skin, hair and background just beyond the face, that give way when its outline moves."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from models.registration.canonical import canonical_face
from models.rig.subdivision import FloatArray, IntArray

_RINGS: Final = (1.06, 1.14, 1.26, 1.42)
"""Sizes of the rings, as multiples of the face's outline about its middle."""
_FOLLOWS: Final = (0.80, 0.48, 0.18, 0.0)
"""Share of the outline's movement each ring follows; the last one stays, so nothing tears."""


@dataclass(frozen=True, eq=False)
class Surround:
    """Rings of vertices beyond the coarse face's outline.

    Attributes:
        oval: int32 (K,), outline vertices of the coarse mesh.
        triangles: int32 (T, 3) over K outline vertices followed by the rings, K each.
        follow: float32 (5,), share of the outline's movement for outline and rings.
    """

    oval: IntArray
    triangles: IntArray
    follow: FloatArray

    def place(self, outline: FloatArray) -> FloatArray:
        """Rings around an outline (K, 3) in pixels: float32 (5 K, 3), the outline first."""
        middle = (outline.max(axis=0) + outline.min(axis=0)) / 2
        rings = [outline]
        for size in _RINGS:
            ring = middle + (outline - middle) * np.float32(size)
            # Behind the face, so that a chin that comes down hides the neck and not the reverse.
            ring[:, 2] = outline[:, 2] + np.float32(0.02) * np.ptp(outline[:, 1])
            rings.append(ring)
        return np.concatenate(rings).astype(np.float32)

    def moved(self, placed: FloatArray, shift: FloatArray) -> FloatArray:
        """float32 (5 K, 3): `placed`, as `place` returns it, after the outline moved by (K, 3)."""
        return np.asarray(placed + np.concatenate([shift * share for share in self.follow]))


@lru_cache(maxsize=1)
def surround() -> Surround:
    """The rings around every face mesh."""
    oval = np.array(canonical_face().oval, np.int32)
    count = len(oval)
    rows = []
    for ring in range(len(_RINGS)):
        for step in range(count):
            a, b = ring * count + step, ring * count + (step + 1) % count
            rows += [(a, a + count, b), (b, a + count, b + count)]
    return Surround(oval, np.array(rows, np.int32), np.array([1.0, *_FOLLOWS], np.float32))
