"""What the rig is made of: the dense face, the AU basis, the appearance maps and the teeth."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
from safetensors.numpy import load

from models.facs import SUPPORTED_AUS
from models.registration.canonical import CanonicalFace, canonical_face
from models.registration.contours import INNER_LIPS, Opening
from models.rig.appearance import MAP_SHAPE, MapLayout, lay_on_map
from models.rig.contact import Rims, opening_rims
from models.rig.corners import LOWER_LIP, UPPER_LIP, to_the_corners
from models.rig.subdivision import Subdivision, subdivide
from models.shipped import load_shipped

FloatArray = npt.NDArray[np.float32]
ByteArray = npt.NDArray[np.uint8]

WEIGHTS: Final = "rig.safetensors"
STEPS: Final = 127.0
"""Steps of the maps in the weights to a log ratio or tilt of 1."""
LEVELS: Final = 2
"""Midpoint subdivisions of the mesh: 468 -> 7,257 vertices."""


@dataclass(frozen=True, eq=False)
class RigModel:
    """The rig. V dense vertices; all fields canonical units at intensity E.

    Attributes:
        dense: the refined mesh: skin, then eye and mouth fillings.
        skin_triangles, eye_triangles: how many of `dense.triangles` are skin and eyes.
        neutral: float32 (V, 3), the canonical face refined, its mouth reaching to the corners.
        basis: float32 (18, V, 3), displacement per AU, both sides.
        rim: float32 (V,), distance of each vertex from the outline, canonical units.
        beside_openings: float32 (3, V), left eye, right eye and lips: 1 in the opening and on its
            rim, falling to 0 on the skin around it.
        left_share: float32 (V,), 1 on the subject's left, 0 on their right, smooth between.
        appearance: float32 (18, H, W), log ratio per AU on the map of `appearance.map_grid`, in
            any light: what lies deep in a crease, and what smiles were measured to do.
        relief: float32 (18, 2, H, W), by how much skin comes towards the camera along the map's x
            and y, per canonical unit.
        folded: float32 (18, H, W), 0..1, where an AU deepens the creases that are there.
        map_layout: the skin on that map.
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
    beside_openings: FloatArray
    left_share: FloatArray
    appearance: FloatArray
    relief: FloatArray
    folded: FloatArray
    map_layout: MapLayout
    teeth: ByteArray
    shown_slope: FloatArray
    shown_offset: FloatArray
    lips: Rims
    right_eye: Rims
    left_eye: Rims

    @property
    def openings(self) -> tuple[Rims, Rims, Rims]:
        """Left eye, right eye and lips."""
        return self.left_eye, self.right_eye, self.lips


@lru_cache(maxsize=1)
def rig_model() -> RigModel:
    """The rig that ships, read once.

    Raises:
        models.assets.AssetError: the weights are missing or not the ones that ship.
    """
    arrays = load(load_shipped(WEIGHTS))
    return build(
        np.asarray(arrays["basis"], np.float32),
        np.asarray(arrays["appearance"], np.float32) / STEPS,
        np.asarray(arrays["relief"], np.float32) / STEPS,
        arrays["teeth"],
        arrays["shown_slope"],
        arrays["shown_offset"],
    )


def build(
    basis: FloatArray,
    appearance: FloatArray,
    relief: FloatArray,
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
    neutral = to_the_corners(dense.refine(face.mesh))
    for name, array, expected in (
        ("basis", basis, (len(SUPPORTED_AUS), len(neutral), 3)),
        ("appearance", appearance, (len(SUPPORTED_AUS), *MAP_SHAPE)),
        ("relief", relief, (len(SUPPORTED_AUS), 2, *MAP_SHAPE)),
    ):
        if array.shape != expected:
            raise ValueError(f"{name} must have the shape {expected}, not {array.shape}")
    per_triangle = 4**LEVELS
    lips = _lips(face, dense, neutral)
    left_eye, right_eye = (_eye(face, dense, neutral, side) for side in (1, -1))
    return RigModel(
        dense=dense,
        skin_triangles=len(face.triangles) * per_triangle,
        eye_triangles=len(face.eye_triangles) * per_triangle,
        neutral=neutral,
        basis=basis,
        rim=rim_distance(face, neutral),
        beside_openings=np.stack([_beside(neutral, one) for one in (left_eye, right_eye, lips)]),
        left_share=np.asarray(1 / (1 + np.exp(-neutral[:, 0] / 0.05)), np.float32),
        appearance=appearance,
        relief=relief,
        folded=_folded(relief),
        map_layout=lay_on_map(neutral, dense.triangles[: len(face.triangles) * per_triangle]),
        teeth=teeth,
        shown_slope=shown_slope,
        shown_offset=shown_offset,
        lips=lips,
        right_eye=right_eye,
        left_eye=left_eye,
    )


def _lips(face: CanonicalFace, dense: Subdivision, neutral: FloatArray) -> Rims:
    below = below_lips(dense, neutral)
    return opening_rims(dense, face.inner_lips, neutral, ~below, below, reach=0.30)


def _eye(face: CanonicalFace, dense: Subdivision, neutral: FloatArray, side: int) -> Rims:
    """The subject's left eye where `side` is 1, their right one where it is -1."""
    opening = face.left_eye if side > 0 else face.right_eye
    below = below_opening(opening, neutral)
    here = neutral[:, 0] * side > 0.1
    # Above the lid the skin unfolds from the crease; the lid's own plate moves as one.
    return opening_rims(
        dense, opening, neutral, ~below & here, below & here, reach=0.24, plateau=0.025
    )


_NEAR: Final = 4.0
"""Pixels of the map around a mark within which a crease is that mark's."""
_STEEP: Final = 0.12
"""Tilt from which a mark counts in full."""


def _folded(relief: FloatArray) -> FloatArray:
    steep = np.hypot(relief[:, 0], relief[:, 1])
    near = [cv2.GaussianBlur(one, (0, 0), _NEAR) for one in steep]
    return np.asarray(np.clip(np.stack(near) / _STEEP, 0, 1), np.float32)


_BESIDE: Final = 0.035
"""Canonical units of skin that count as beside an opening."""


def _beside(neutral: FloatArray, rims: Rims) -> FloatArray:
    x, y = neutral[:, 0], neutral[:, 1]
    upper, lower = neutral[list(rims.upper)], neutral[list(rims.lower)]
    above = np.interp(x, upper[:, 0], upper[:, 1]) - y
    below = y - np.interp(x, lower[:, 0], lower[:, 1])
    sideways = np.maximum(upper[0, 0] - x, x - upper[-1, 0])
    away = np.maximum.reduce([above, below, sideways])
    return np.asarray(np.clip(1 - away / _BESIDE, 0, 1), np.float32)


def rim_distance(face: CanonicalFace, neutral: FloatArray) -> FloatArray:
    """Distance (V,) of each dense vertex from the outline of the face, seen from the front."""
    start = face.mesh[list(face.oval), :2]
    along = np.roll(start, -1, axis=0) - start
    offset = neutral[:, None, :2] - start[None]  # V, K, 2
    share = np.clip((offset * along).sum(axis=2) / (along**2).sum(axis=1), 0, 1)
    apart = np.linalg.norm(offset - share[..., None] * along, axis=2)
    return np.asarray(apart.min(axis=1), np.float32)


def below_opening(opening: Opening, neutral: FloatArray) -> npt.NDArray[np.bool_]:
    """Which dense vertices (V,) lie below the middle line of `opening`, its lower rim included."""
    upper, lower = list(opening.upper), list(opening.lower)
    line = (neutral[upper, 1] + neutral[lower, 1]) / 2
    below = neutral[:, 1] >= np.interp(neutral[:, 0], neutral[upper, 0], line)
    below[upper], below[lower[1:-1]] = False, True
    return np.asarray(below, np.bool_)


def below_lips(dense: Subdivision, neutral: FloatArray) -> npt.NDArray[np.bool_]:
    """Which dense vertices (V,) lie below the mouth's middle line; each lip's red goes with it,
    though one may lie over the other where they meet."""
    below = below_opening(INNER_LIPS, neutral)
    mixed = dense.weights > 0
    for lip, is_below in ((UPPER_LIP, False), (LOWER_LIP, True)):
        below[(np.isin(dense.parents, lip) & mixed).any(axis=1)] = is_below
    return below
