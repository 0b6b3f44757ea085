"""Sets of upper teeth, cut from smiling photographs."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from models.registration.face import RegisteredFace
from models.registration.registrar import Registrar
from models.rig.light import LUMINANCE
from models.rig.mouth import TEETH_X, TEETH_Y
from scripts.fit_rig.photos import read_face

Array = npt.NDArray[np.float64]
PEOPLE = ("120", "002", "100", "102")
"""Smiles of the Face Research Lab London Set that show the whole arch."""
SHAPE = (96, 232)
_GUM = np.array([196.0, 128.0, 122.0])
_WIDTH = 2 * 0.339
"""Width of the canonical mouth between the inner corners."""


def teeth_sets(registrar: Registrar, london: Path) -> npt.NDArray[np.uint8]:
    """uint8 (K, H, W, 4): RGBA of teeth in full light, luminance 235 at their 70th percentile."""
    sets = []
    for person in PEOPLE:
        neutral = read_face(registrar, london / "neutral" / f"{person}.jpg")
        smiling = read_face(registrar, london / "smiling" / f"{person}.jpg")
        sets.append(_cut(neutral, smiling))
    return np.stack(sets)


def _cut(neutral: RegisteredFace, smiling: RegisteredFace) -> npt.NDArray[np.uint8]:
    mesh = neutral.mesh
    centre_x = float((mesh[78, 0] + mesh[308, 0]) / 2)
    line = float((mesh[13, 1] + mesh[14, 1]) / 2)
    scale = float((mesh[308, 0] - mesh[78, 0]) / _WIDTH)
    height, width = SHAPE
    x = np.linspace(*TEETH_X, width) * scale + centre_x
    y = np.linspace(*TEETH_Y, height) * scale + line
    gx, gy = np.meshgrid(x, y)
    depth = float(smiling.mesh[13, 2])
    points = np.stack([gx, gy, np.full_like(gx, depth)], axis=-1).astype(np.float32)
    uv = smiling.photo_view.project(points)[..., :2]
    rgb = cv2.remap(smiling.photo, uv[..., 0], uv[..., 1], cv2.INTER_CUBIC).astype(np.float64)
    roof, floor = _rims(smiling.mesh, x)
    inside = np.clip((gy - roof - 0.012) / 0.01, 0, 1) * np.clip((floor - 0.022 - gy) / 0.010, 0, 1)
    sure = inside > 0.99
    full = np.percentile(rgb[sure] @ LUMINANCE, 70)
    rgb = _upwards_filled(rgb * (235.0 / full), sure)
    alpha = np.clip((floor - 0.022 - gy) / 0.010, 0, 1)
    corners = np.clip((0.40 * scale - np.abs(gx - centre_x)) / 0.03, 0, 1)
    out = np.concatenate([np.clip(rgb, 0, 255), 255 * (alpha * corners)[..., None]], axis=-1)
    return np.asarray(np.round(out), np.uint8)


def _rims(mesh: npt.NDArray[np.float32], x: Array) -> tuple[Array, Array]:
    upper = [78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308]
    lower = [78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308]
    return (
        np.interp(x, mesh[upper, 0], mesh[upper, 1]),
        np.interp(x, mesh[lower, 0], mesh[lower, 1]),
    )


def _upwards_filled(rgb: Array, sure: npt.NDArray[np.bool_]) -> Array:
    """Columns continued beyond what the lips left to see, towards gum above."""
    out = rgb.copy()
    height = rgb.shape[0]
    for column in range(rgb.shape[1]):
        rows = np.flatnonzero(sure[:, column])
        if not len(rows):
            out[:, column] = _GUM * 0.5
            continue
        top, bottom = rows[0], rows[-1]
        out[bottom:, column] = rgb[bottom, column]
        for row in range(top):
            share = min(1.0, (top - row) / (0.10 * height))
            out[row, column] = (1 - share) * rgb[top, column] + share * _GUM
    return out
