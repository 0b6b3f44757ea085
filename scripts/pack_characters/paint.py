"""Where lips and lid edges are: what is painted in another colour than skin."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
from matplotlib.path import Path as Outline
from scipy.spatial import cKDTree

from models.characters.head import Part
from scripts.fit_rig.ict import LIDS, OUTER_LIP, IctModel
from scripts.pack_characters.model import WholeHead

Array = npt.NDArray[np.float64]
_LASH = 0.022
"""Width of the lashes' line in canonical units."""


def lip_mask(whole: WholeHead) -> Array:
    """(V,), 1 on the red of the lips, soft at its edge."""
    face = _face(whole)
    upper, lower = (face.contour(OUTER_LIP[side]) for side in ("upper", "lower"))
    outline = Outline(whole.vertices[[*upper, *lower[::-1]], :2])
    is_face = whole.part == Part.FACE
    front = whole.vertices[:, 2] < whole.vertices[upper, 2].max() + 0.12
    inside = is_face & front & outline.contains_points(whole.vertices[:, :2])
    edge = cKDTree(whole.vertices[[*upper, *lower]])
    near, _ = edge.query(whole.vertices)
    mask = np.where(inside, np.clip(0.35 + near / 0.05, 0, 1), np.clip(0.35 - near / 0.03, 0, 1))
    return np.asarray(np.where(is_face & front, mask, 0.0), np.float64)


def lash_mask(whole: WholeHead) -> Array:
    """(V,), 1 at the edge of the upper lids and a third of it at the lower ones."""
    face = _face(whole)
    mask = np.zeros(len(whole.vertices))
    for name, waypoints in LIDS.items():
        points = whole.vertices[face.contour(waypoints)]
        near, _ = cKDTree(_dense(points)).query(whole.vertices)
        weight = 1.0 if name.endswith("upper") else 0.33
        mask = np.maximum(mask, weight * np.exp(-0.5 * (near / _LASH) ** 2))
    mask[~whole.skin & (whole.part != Part.SOCKET)] = 0
    return mask


def _face(whole: WholeHead) -> IctModel:
    triangles = whole.triangles[(whole.part[whole.triangles] == Part.FACE).all(axis=1)]
    return IctModel(whole.vertices, triangles, {}, whole.identities)


def _dense(points: Array) -> Array:
    steps = np.linspace(0, 1, 8, endpoint=False)
    between = [a + (b - a) * step for a, b in pairwise(points) for step in steps]
    return np.array([*between, points[-1]])
