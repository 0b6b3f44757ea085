"""What smiling does to the brightness of skin, measured on people photographed twice."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
import numpy.typing as npt

from models.registration.canonical import canonical_face
from models.registration.face import FloatArray, RegisteredFace
from models.registration.raster import interpolate, rasterise
from models.rig.appearance import MAP_SHAPE, map_coordinates, map_grid
from models.rig.light import LUMINANCE
from models.rig.model import LEVELS
from models.rig.subdivision import Subdivision, subdivide

SMILE_TO_E = 1.4
"""The photographed smiles are about 3.5 on the scale of 5; folds are taken to grow with it."""


def smile_at_e(pairs: Iterable[tuple[RegisteredFace, RegisteredFace]]) -> FloatArray:
    """float32 (H, W): what `pairs`, neutral and smiling, add to the appearance of AU12 at E."""
    face = canonical_face()
    mesh = subdivide(np.array(face.all_triangles), len(face.mesh), LEVELS)
    skin = len(face.triangles) * 4**LEVELS
    smile = smile_map(pairs, mesh, mesh.refine(face.mesh), skin) * skin_window(*map_grid())
    return np.asarray(SMILE_TO_E * smile, np.float32)


def smile_map(
    pairs: Iterable[tuple[RegisteredFace, RegisteredFace]],
    dense: Subdivision,
    neutral: FloatArray,
    skin_triangles: int,
) -> FloatArray:
    """float32 (H, W): median log ratio of smiling over neutral skin, made symmetric.

    Args:
        pairs: the same person neutral and smiling, in the same light.
        dense, neutral: the dense canonical mesh.
        skin_triangles: how many of its triangles are skin.
    """
    ratios = []
    for before, after in pairs:
        ratio = np.log(_flat(after, dense, neutral, skin_triangles)) - np.log(
            _flat(before, dense, neutral, skin_triangles)
        )
        ratio -= np.median(ratio)
        ratios.append(ratio - cv2.GaussianBlur(ratio, (0, 0), 30))
    middle = np.median(ratios, axis=0)
    return np.asarray((middle + middle[:, ::-1]) / 2, np.float32)


def _flat(
    face: RegisteredFace, dense: Subdivision, neutral: FloatArray, skin_triangles: int
) -> FloatArray:
    """Luminance 1..256 of a face laid out on the appearance map."""
    height, width = MAP_SHAPE
    flat = np.column_stack([map_coordinates(neutral), neutral[:, 2]])
    triangles = dense.triangles[:skin_triangles]
    shown, barycentric = rasterise(flat, triangles, height, width)
    texture = face.photo_view.project(dense.refine(face.mesh))[:, :2]
    at = interpolate(shown, barycentric, triangles, texture)
    photo = cv2.GaussianBlur(face.photo, (0, 0), face.photo_view.scale / 130)
    picked = cv2.remap(photo, at[..., 0], at[..., 1], cv2.INTER_LINEAR) @ LUMINANCE
    blurred = cv2.GaussianBlur(np.where(shown < 0, 0, picked), (0, 0), 0.5)
    cover = cv2.GaussianBlur((shown >= 0).astype(np.float32), (0, 0), 0.5)
    return np.asarray(1 + blurred / np.maximum(cover, 1e-3), np.float32)


def skin_window(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> FloatArray:
    """1 on cheeks and around the mouth, 0 on lips, eyes, brows and towards the outline."""
    cheeks = np.clip((y + 0.36) / 0.10, 0, 1) * np.clip((1.05 - y) / 0.2, 0, 1)
    lips = np.clip((np.hypot(x / 0.46, (y - 0.64) / 0.20) - 1) / 0.25, 0, 1)
    rim = np.clip((0.95 - np.hypot(x / 1.1, y / 1.3)) / 0.2, 0, 1)
    return np.asarray(cheeks * lips * rim, np.float32)
