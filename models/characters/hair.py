"""Hair as geometry: a shell off the skull, and locks that are ellipsoids."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import numpy.typing as npt

from models.characters.head import Head, Part
from models.characters.looks import Blob, Hair

FloatArray = npt.NDArray[np.float32]
IndexArray = npt.NDArray[np.int32]

_EDGE = 0.25
"""Share of its depth that hair has at its edge."""
_RAMP = 0.30
"""Over which distance from the hairline hair reaches its depth."""


@dataclass(frozen=True, eq=False)
class HairMesh:
    """Hair to be put on a posed head.

    Attributes:
        roots: int32 (K, 2), the head's vertices that each of the shell's vertices lies between.
        share: float32 (K,), how near to the second.
        offset: float32 (K, 3), from there.
        triangles: int32 (T, 3), of the shell's vertices, then those of the locks.
        locks: float32 (L, 3), vertices of the locks, on the head at rest.
    """

    roots: IndexArray
    share: FloatArray
    offset: FloatArray
    triangles: IndexArray
    locks: FloatArray

    def on(self, posed: FloatArray) -> FloatArray:
        """float32 (K + L, 3): its vertices on a posed head (V, 3)."""
        first, second = posed[self.roots[:, 0]], posed[self.roots[:, 1]]
        shell = first + self.share[:, None] * (second - first) + self.offset
        return np.concatenate([shell, self.locks])


def grown(head: Head, hair: Hair) -> HairMesh:
    """The hair of a head at rest."""
    shell = _shell(head, hair)
    pieces, triangles = [np.zeros((0, 3), np.float32)], [shell.triangles]
    count = len(shell.roots)
    for lock in hair.locks:
        for side in (1.0, -1.0) if lock.paired else (1.0,):
            vertices, faces = _ellipsoid(lock, side)
            triangles.append(faces + count)
            pieces.append(vertices)
            count += len(vertices)
    return replace(shell, triangles=np.concatenate(triangles), locks=np.concatenate(pieces))


def _shell(head: Head, hair: Hair) -> HairMesh:
    none = np.zeros((0, 3), np.float32)
    nothing = np.zeros((0, 2), np.int32)
    if hair.line is None:
        return HairMesh(nothing, none[:, 0], none, np.zeros((0, 3), np.int32), none)
    skin = head.part <= Part.HEAD
    inside = _inside(head.rest, hair)
    faces = head.triangles[skin[head.triangles].all(axis=1)]
    roots, share, triangles = _clipped(faces, inside)
    first, second = roots.T
    within = np.maximum(inside[first] + share * (inside[second] - inside[first]), 0)
    at = head.rest[first] + share[:, None] * (head.rest[second] - head.rest[first])
    depth = hair.depth * (_EDGE + (1 - _EDGE) * np.sqrt(np.clip(within / _RAMP, 0, 1)))
    offset = depth[:, None] * _outward(at)
    if hair.fringe:
        # What lies near the line above the brows is drawn down and forward.
        front = np.clip(0.5 - at[:, 2], 0, 1) * np.clip(1 - within / 0.5, 0, 1)
        offset[:, 1] += hair.fringe * front
        offset[:, 2] -= 0.35 * hair.fringe * front
    return HairMesh(roots, share, offset.astype(np.float32), triangles, none)


def _clipped(faces: IndexArray, inside: FloatArray) -> tuple[IndexArray, FloatArray, IndexArray]:
    """The part of a mesh where `inside` is positive, cut along its line of zero.

    Returns:
        Pairs of old vertices (K, 2) and the share of the second, for each new vertex; triangles.
    """
    places: dict[tuple[int, int], int] = {}

    def vertex(a: int, b: int) -> int:
        return places.setdefault((min(a, b), max(a, b)), len(places))

    triangles = []
    positive = inside > 0
    for corners in faces[positive[faces].any(axis=1)].tolist():
        polygon = []
        for a, b in zip(corners, [*corners[1:], corners[0]], strict=True):
            if positive[a]:
                polygon.append(vertex(a, a))
            if positive[a] != positive[b]:
                polygon.append(vertex(a, b))
        triangles += [
            (polygon[0], polygon[place], polygon[place + 1]) for place in range(1, len(polygon) - 1)
        ]
    roots = np.array(list(places), np.int32).reshape(-1, 2)
    low, high = inside[roots[:, 0]], inside[roots[:, 1]]
    apart = np.where(low == high, 1, low - high)
    share = np.where(roots[:, 0] == roots[:, 1], 0, low / apart)
    return roots, share.astype(np.float32), np.array(triangles, np.int32).reshape(-1, 3)


def _inside(rest: FloatArray, hair: Hair) -> FloatArray:
    """How far each vertex lies within the hair, in canonical units; negative outside."""
    x, y, z = np.abs(rest[:, 0]), rest[:, 1], rest[:, 2]
    assert hair.line is not None
    front = hair.line + hair.curve * x * x - y
    back = np.minimum(z - (hair.back + 0.28 * np.clip(y, 0, None)), hair.nape - y)
    inside = np.minimum(np.maximum(front, back), y - hair.crown)
    if not hair.covers_ears:
        ear = (x > 1.08) & (y > -0.72) & (y < 0.75) & (z > 0.45) & (z < 1.85)
        inside = np.where(ear, -0.1, inside)
    return np.asarray(inside, np.float32)


def _outward(points: FloatArray) -> FloatArray:
    """Directions off the skull: smoother than normals, which ears and folds spoil."""
    away = points - np.array([0.0, -0.45, 1.0], np.float32)
    return np.asarray(away / np.linalg.norm(away, axis=1, keepdims=True), np.float32)


def _ellipsoid(lock: Blob, side: float) -> tuple[FloatArray, IndexArray]:
    directions, faces = _sphere(14, 20)
    mirror = np.array([side, 1, 1], np.float32)
    vertices = directions * np.array(lock.radii, np.float32) + np.array(lock.centre) * mirror
    return vertices.astype(np.float32), faces


@cache
def _sphere(rings: int, around: int) -> tuple[FloatArray, IndexArray]:
    polar = np.linspace(0, np.pi, rings + 1)
    turn = np.linspace(0, 2 * np.pi, around, endpoint=False)
    a, b = np.meshgrid(polar, turn, indexing="ij")
    points = np.stack([np.sin(a) * np.cos(b), -np.cos(a), np.sin(a) * np.sin(b)], axis=-1)
    grid = np.arange((rings + 1) * around).reshape(rings + 1, around)
    right, down = np.roll(grid, -1, axis=1), grid[1:]
    first = np.stack([grid[:-1], right[:-1], down], axis=-1).reshape(-1, 3)
    second = np.stack([right[:-1], right[1:], down], axis=-1).reshape(-1, 3)
    return points.reshape(-1, 3).astype(np.float32), np.concatenate([first, second]).astype(
        np.int32
    )
