"""Cloth over the mouth: it is no part of the face, so nothing is drawn there and nothing moves."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from models.facs import SUPPORTED_AUS
from models.registration.face import FloatArray, RegisteredFace
from models.rig.appearance import map_grid

_LOWER: Final = ("AU10", "AU12", "AU14", "AU15", "AU17", "AU20", "AU23", "AU24", "AU25", "AU26")
_LIDS: Final = ("AU05", "AU07", "AU43")
_CLOTH: Final = (0.05, 0.20)
"""Canonical y, below the middle of the nose's bridge, from which cloth begins and holds in full."""
_BRIDGE: Final = 6


def drawable(face: RegisteredFace, intensities: FloatArray) -> FloatArray:
    """`intensities` (18, 2) without the AUs whose part of the face is hidden in its photo."""
    hidden: tuple[str, ...] = ()
    if "lower-face-hidden" in face.visibility.warnings:
        hidden += _LOWER
    if "eyes-hidden" in face.visibility.warnings:
        hidden += _LIDS
    if not hidden:
        return intensities
    out = intensities.copy()
    out[[SUPPORTED_AUS.index(au) for au in hidden]] = 0
    return out


def held_vertices(face: RegisteredFace, dense: FloatArray) -> FloatArray:
    """float32 (V,): 1 where the mesh `dense` (V, 3) lies below cloth, 0 where it is bare."""
    if "lower-face-hidden" not in face.visibility.warnings:
        return np.zeros(len(dense), np.float32)
    return _below(dense[:, 1] - dense[_BRIDGE, 1])


def bare_on_map(face: RegisteredFace, neutral: FloatArray) -> FloatArray | None:
    """float32 (H, W): 1 where folds may be drawn on the map of `appearance`, 0 on cloth; None where
    there is no cloth. `neutral` (V, 3) is the canonical face."""
    if "lower-face-hidden" not in face.visibility.warnings:
        return None
    _, y = map_grid()
    return np.asarray(1 - _below(y - neutral[_BRIDGE, 1]), np.float32)


def kept_still(held: FloatArray, photographed: FloatArray, moved: FloatArray) -> FloatArray:
    """`moved` (V, 3) with what is `held` (V,) where it is in the mesh `photographed` (V, 3)."""
    if not held.any():
        return moved
    return np.asarray(moved + held[:, None] * (photographed - moved), np.float32)


def _below(down: npt.NDArray[np.floating]) -> FloatArray:
    return np.asarray(np.clip((down - _CLOTH[0]) / (_CLOTH[1] - _CLOTH[0]), 0, 1), np.float32)
