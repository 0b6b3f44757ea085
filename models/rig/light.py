"""How brightness changes when skin turns: one light, fitted to the face's own picture."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from models.registration.tone import LUMINANCE

__all__ = ["LUMINANCE", "brightness_ratio", "fit_light", "vertex_normals"]

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int32]

_PRIOR: Final = np.array([0.62, 0.0, -0.22, -0.30])
"""Ambient share and light direction of an ordinary portrait: from above and in front."""
_PRIOR_WEIGHT: Final = 0.15
_RATIO: Final = (0.74, 1.14)
"""Clamp of the brightness ratio: shadows may deepen, skin turned to the light does not gleam."""


def vertex_normals(points: FloatArray, triangles: IntArray) -> FloatArray:
    """Area-weighted unit normals (V, 3), pointing out of the face."""
    a, b, c = (points[triangles[:, k]] for k in range(3))
    faces = np.cross(b - a, c - a)
    out = np.empty_like(points)
    for axis in range(3):
        out[:, axis] = np.bincount(
            triangles.ravel(), np.repeat(faces[:, axis], 3), minlength=len(points)
        )
    length = np.linalg.norm(out, axis=1, keepdims=True)
    return np.asarray(out / np.maximum(length, 1e-12), np.float32)


def fit_light(luminance: FloatArray, normals: FloatArray, weights: FloatArray) -> FloatArray:
    """Ambient and direction (4,) with ``luminance ~ light[0] + normals @ light[1:]``.

    First-order spherical harmonics (Basri & Jacobs 2003) by least squares with a prior, on
    luminance (V,) relative to its median; `weights` (V,) leaves brows, lips and hair out.
    """
    middle = float(np.median(luminance[weights > 0])) if (weights > 0).any() else 1.0
    relative = np.clip(luminance / max(middle, 1e-3), 0.4, 1.6)
    design = np.concatenate([np.ones((len(normals), 1)), normals], axis=1)
    share = weights / max(float(weights.sum()), 1e-9)
    gram = design.T @ (share[:, None] * design) + _PRIOR_WEIGHT * np.eye(4)
    moment = design.T @ (share * relative) + _PRIOR_WEIGHT * _PRIOR
    return np.asarray(np.linalg.solve(gram, moment), np.float32)


def brightness_ratio(light: FloatArray, before: FloatArray, after: FloatArray) -> FloatArray:
    """Ratio (V,) by which skin brightens as its normals (V, 3) turn from `before` to `after`."""
    was = light[0] + before @ light[1:]
    now = light[0] + after @ light[1:]
    floor = 0.25 * float(light[0])
    return np.asarray(np.clip(np.maximum(now, floor) / np.maximum(was, floor), *_RATIO), np.float32)
