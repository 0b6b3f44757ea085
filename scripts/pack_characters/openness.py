"""How much of the sky each vertex sees: nostrils, corners of the eyes and the mouth lie in shade.

Ambient occlusion by depth maps from many directions (Landis 2002 gives the idea for film).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.registration.raster import depth_map
from scripts.pack_characters.model import WholeHead

Array = npt.NDArray[np.float64]

DIRECTIONS = 96
SIDE = 320
_SLACK = 0.035
"""Canonical units that a vertex may lie behind the surface that is seen and still count as seen."""


def openness(whole: WholeHead) -> Array:
    """(V,), 0 for a vertex that no direction reaches, 1 for one that a whole half sky reaches."""
    normals = _normals(whole.vertices, whole.triangles)
    seen, possible = np.zeros(len(normals)), np.zeros(len(normals))
    triangles = whole.triangles.astype(np.int32)
    for direction in _sphere(DIRECTIONS):
        turned = whole.vertices @ _basis(direction).T
        low, high = turned[:, :2].min(0), turned[:, :2].max(0)
        scale = (SIDE - 4) / float((high - low).max())
        screen = np.empty_like(turned)
        screen[:, :2] = (turned[:, :2] - low) * scale + 2
        screen[:, 2] = turned[:, 2]
        depth = depth_map(screen.astype(np.float32), triangles, SIDE, SIDE)
        column, row = np.round(screen[:, :2]).astype(int).T
        visible = turned[:, 2] <= depth[row, column] + _SLACK
        facing = np.clip(-(normals @ direction), 0, None)
        seen += facing * visible
        possible += facing
    return np.asarray(np.clip(seen / np.maximum(possible, 1e-9), 0, 1), np.float64)


def _normals(vertices: Array, triangles: npt.NDArray[np.int64]) -> Array:
    a, b, c = (vertices[triangles[:, corner]] for corner in range(3))
    flat = np.cross(b - a, c - a)
    out = np.zeros_like(vertices)
    for corner in range(3):
        np.add.at(out, triangles[:, corner], flat)
    return np.asarray(out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-12))


def _sphere(count: int) -> Array:
    """Directions of view, evenly over the sphere (a Fibonacci lattice)."""
    place = np.arange(count) + 0.5
    z = 1 - 2 * place / count
    angle = np.pi * (1 + 5**0.5) * place
    ring = np.sqrt(1 - z * z)
    return np.stack([ring * np.cos(angle), ring * np.sin(angle), z], axis=1)


def _basis(direction: Array) -> Array:
    """Rows x, y, z of a camera that looks along `direction`."""
    helper = np.array([0.0, 1.0, 0.0]) if abs(direction[1]) < 0.9 else np.array([1.0, 0, 0])
    right = np.cross(helper, direction)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(direction, right), direction])
