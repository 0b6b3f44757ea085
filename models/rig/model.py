"""What the rig is made of: the dense face, the AU basis, the appearance maps and the teeth."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load

from models.facs import SUPPORTED_AUS
from models.registration.canonical import CanonicalFace, canonical_face
from models.registration.contours import Opening
from models.rig.appearance import MAP_SHAPE
from models.rig.contact import Rims, opening_rims
from models.rig.subdivision import Subdivision, subdivide
from models.shipped import load_shipped

FloatArray = npt.NDArray[np.float32]
ByteArray = npt.NDArray[np.uint8]

WEIGHTS: Final = "rig.safetensors"
LEVELS: Final = 2
"""Midpoint subdivisions of the mesh: 468 -> 7,257 vertices."""


@dataclass(frozen=True, eq=False)
class RigModel:
    """The rig. V dense vertices; all fields canonical units at intensity E.

    Attributes:
        dense: the refined mesh: skin, then eye and mouth fillings.
        skin_triangles, eye_triangles: how many of `dense.triangles` are skin and eyes.
        neutral: float32 (V, 3), the canonical face refined.
        basis: float32 (18, V, 3), displacement per AU, both sides.
        rim: float32 (V,), distance of each vertex from the outline, canonical units.
        left_share: float32 (V,), 1 on the subject's left, 0 on their right, smooth between.
        appearance: float32 (18, H, W), log ratio per AU on the map of `appearance.map_grid`.
        teeth: uint8 (K, H, W, 4), sets of upper teeth, RGBA (see `mouth`).
        shown_slope, shown_offset: float32 (936, 4) and (4,), see `shown`.
        lips, right_eye, left_eye: the openings.
    """

    dense: Subdivision
    skin_triangles: int
    eye_triangles: int
    neutral: FloatArray
    basis: FloatArray
    rim: FloatArray
    left_share: FloatArray
    appearance: FloatArray
    teeth: ByteArray
    shown_slope: FloatArray
    shown_offset: FloatArray
    lips: Rims
    right_eye: Rims
    left_eye: Rims


@lru_cache(maxsize=1)
def rig_model() -> RigModel:
    """The rig that ships, read once.

    Raises:
        models.assets.AssetError: the weights are missing or not the ones that ship.
    """
    arrays = load(load_shipped(WEIGHTS))
    return build(
        np.asarray(arrays["basis"], np.float32),
        np.asarray(arrays["appearance"], np.float32) / 127.0,
        arrays["teeth"],
        arrays["shown_slope"],
        arrays["shown_offset"],
    )


def build(
    basis: FloatArray,
    appearance: FloatArray,
    teeth: ByteArray,
    shown_slope: FloatArray,
    shown_offset: FloatArray,
) -> RigModel:
    """The rig from its fitted arrays; shapes and units as in `RigModel`.

    Raises:
        ValueError: the arrays do not fit the mesh, the map or the supported AUs.
    """
    face = canonical_face()
    dense = subdivide(np.array(face.all_triangles), len(face.mesh), LEVELS)
    neutral = dense.refine(face.mesh)
    for name, array, expected in (
        ("basis", basis, (len(SUPPORTED_AUS), len(neutral), 3)),
        ("appearance", appearance, (len(SUPPORTED_AUS), *MAP_SHAPE)),
    ):
        if array.shape != expected:
            raise ValueError(f"{name} must have the shape {expected}, not {array.shape}")
    per_triangle = 4**LEVELS
    return RigModel(
        dense=dense,
        skin_triangles=len(face.triangles) * per_triangle,
        eye_triangles=len(face.eye_triangles) * per_triangle,
        neutral=neutral,
        basis=basis,
        rim=rim_distance(face, neutral),
        left_share=np.asarray(1 / (1 + np.exp(-neutral[:, 0] / 0.05)), np.float32),
        appearance=appearance,
        teeth=teeth,
        shown_slope=shown_slope,
        shown_offset=shown_offset,
        lips=_lips(face, neutral),
        right_eye=_eye(face, neutral, -1),
        left_eye=_eye(face, neutral, 1),
    )


def _lips(face: CanonicalFace, neutral: FloatArray) -> Rims:
    below = below_opening(face, face.inner_lips, neutral)
    return opening_rims(face.inner_lips, neutral, ~below, below, reach=0.30)


def _eye(face: CanonicalFace, neutral: FloatArray, side: int) -> Rims:
    """The subject's left eye where `side` is 1, their right one where it is -1."""
    opening = face.left_eye if side > 0 else face.right_eye
    below = below_opening(face, opening, neutral)
    here = neutral[:, 0] * side > 0.1
    # Above the lid the skin unfolds from the crease; the lid's own plate moves as one.
    return opening_rims(opening, neutral, ~below & here, below & here, reach=0.24, plateau=0.025)


def rim_distance(face: CanonicalFace, neutral: FloatArray) -> FloatArray:
    """Distance (V,) of each dense vertex from the outline of the face, seen from the front."""
    start = face.mesh[list(face.oval), :2]
    along = np.roll(start, -1, axis=0) - start
    offset = neutral[:, None, :2] - start[None]  # V, K, 2
    share = np.clip((offset * along).sum(axis=2) / (along**2).sum(axis=1), 0, 1)
    apart = np.linalg.norm(offset - share[..., None] * along, axis=2)
    return np.asarray(apart.min(axis=1), np.float32)


def below_opening(
    face: CanonicalFace, opening: Opening, neutral: FloatArray
) -> npt.NDArray[np.bool_]:
    """Which dense vertices (V,) lie below the middle line of `opening`, its lower rim included."""
    upper, lower = list(opening.upper), list(opening.lower)
    line = (face.mesh[upper, 1] + face.mesh[lower, 1]) / 2
    below = neutral[:, 1] >= np.interp(neutral[:, 0], face.mesh[upper, 0], line)
    below[upper], below[lower[1:-1]] = False, True
    return below
