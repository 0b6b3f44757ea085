"""Displacement of every dense vertex at intensity E, one field per AU.

Each AU is a mix of ICT expression shapes (both sides), plus a few soft pushes where the shapes
alone do not show what FACS describes. Fields are symmetric; the rig splits them into halves.
Lid closing (AU43, part of AU07) follows the person's own lids and is made at run time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.facs import SUPPORTED_AUS
from scripts.fit_rig.correspondence import Correspondence
from scripts.fit_rig.ict import IctModel

Array = npt.NDArray[np.float64]
FloatArray = npt.NDArray[np.float32]

RECIPES: Mapping[str, Mapping[str, float]] = {
    "AU01": {"browInnerUp": 1.6},
    "AU02": {"browOuterUp": 1.4},
    "AU04": {"browDown": 1.35},
    "AU05": {"eyeWide": 1.2},
    "AU06": {"cheekSquint": 0.65, "cheekRaiser": 0.75},
    "AU07": {"eyeSquint": 0.5},
    "AU09": {"noseSneer": 1.0, "browDown": 0.3},
    "AU10": {"mouthUpperUp": 1.0, "noseSneer": 0.15},
    "AU12": {"mouthSmile": 1.05, "cheekSquint": 0.1},
    "AU14": {"mouthDimple": 1.0, "mouthPress": 0.35},
    "AU15": {"mouthFrown": 1.15},
    "AU17": {"mouthShrugLower": 0.85, "mouthShrugUpper": 0.3},
    "AU20": {"mouthStretch": 0.85, "mouthFrown": -0.27, "mouthDimple": 0.15},
    "AU23": {"mouthRollUpper": 0.60, "mouthRollLower": 0.60, "mouthPucker": 0.45},
    "AU24": {"mouthPress": 1.3, "mouthRollUpper": 0.3, "mouthRollLower": 0.3,
             "mouthShrugLower": 0.25},
    "AU25": {"mouthLowerDown": 1.0, "mouthUpperUp": 0.14, "jawOpen": 0.07},
    "AU26": {"jawOpen": 0.58, "mouthClose": 0.20},
    "AU43": {},
}  # fmt: skip
"""Weights of ICT shapes at intensity E; a name stands for its left and right shape."""


@dataclass(frozen=True)
class Push:
    """A soft push of the skin: Gaussian at (x, y), radii (rx, ry), both sides.

    `by` is (x, y, z) in canonical units at E; x positive goes away from the midline.
    """

    at: tuple[float, float]
    radii: tuple[float, float]
    by: tuple[float, float, float]


PUSHES: Mapping[str, tuple[Push, ...]] = {
    "AU01": (Push((0.22, -0.76), (0.16, 0.16), (-0.015, -0.03, 0.0)),),
    "AU04": (
        Push((0.20, -0.73), (0.17, 0.15), (-0.060, 0.055, -0.01)),
        Push((0.55, -0.76), (0.25, 0.12), (-0.015, 0.025, 0.0)),
    ),
    "AU06": (
        Push((0.60, -0.06), (0.26, 0.20), (0.0, -0.040, -0.050)),
        Push((0.90, -0.44), (0.16, 0.20), (-0.035, 0.0, 0.0)),
        Push((0.86, -0.66), (0.18, 0.12), (-0.01, 0.030, 0.0)),
    ),
    "AU09": (
        Push((0.13, -0.30), (0.14, 0.16), (0.0, -0.030, -0.02)),
        Push((0.18, -0.70), (0.16, 0.14), (-0.030, 0.035, 0.0)),
    ),
    "AU14": (
        Push((0.39, 0.63), (0.13, 0.12), (-0.050, 0.045, 0.05)),
        Push((0.56, 0.62), (0.10, 0.16), (-0.02, 0.0, -0.03)),
    ),
    "AU15": (Push((0.40, 0.66), (0.14, 0.12), (0.01, 0.035, 0.0)),),
    "AU17": (Push((0.0, 1.08), (0.28, 0.18), (0.0, -0.060, -0.05)),),
    "AU20": (Push((0.42, 0.68), (0.18, 0.20), (0.050, 0.004, 0.02)),),
    "AU26": (Push((0.58, 1.08), (0.22, 0.24), (0.0, 0.055, 0.0)),),
    "AU23": (Push((0.36, 0.63), (0.14, 0.12), (-0.055, 0.0, 0.0)),),
    "AU24": (
        Push((0.0, 0.50), (0.30, 0.10), (0.0, 0.020, -0.015)),
        Push((0.0, 0.84), (0.30, 0.10), (0.0, -0.020, -0.02)),
    ),
}

STILL_JAW = ("AU06", "AU12", "AU14", "AU15", "AU17", "AU20", "AU23", "AU24")
"""AUs that do not move the jaw's outline; their fields fade towards the rim of the mesh."""


def au_basis(
    ict: IctModel, match: Correspondence, dense: Array, rim_distance: FloatArray
) -> npt.NDArray[np.float32]:
    """float32 (18, V, 3), canonical units at intensity E.

    `dense` (V, 3) is the dense canonical face, `rim_distance` (V,) how far each vertex is from the
    rim of the mesh.
    """
    fields = []
    for au in SUPPORTED_AUS:
        shape = np.zeros_like(ict.neutral)
        for name, weight in RECIPES[au].items():
            for side in (name, f"{name}_L", f"{name}_R"):
                shape += weight * ict.expressions.get(side, 0.0)
        field = match.transfer(shape)
        for push in PUSHES.get(au, ()):
            field += _pushed(dense, push)
        field *= _kept(au, dense)[:, None]
        if au in STILL_JAW:
            field *= np.clip(rim_distance / 0.35, 0, 1)[:, None] ** 0.7
        fields.append(field)
    return np.stack(fields).astype(np.float32)


def _kept(au: str, dense: Array) -> Array:
    """Share (V,) of a field to keep where the ICT shapes move what the muscle does not."""
    x, y = np.abs(dense[:, 0]), dense[:, 1]
    if au == "AU01":  # the outer brow stays
        return np.clip((0.80 - x) / 0.25, 0.25, 1)
    if au == "AU05":  # the upper lid's muscle leaves the lower lid
        return np.clip((-0.47 - y) / 0.05, 0.2, 1)
    if au == "AU06":  # cheeks come up below an eye that stays open: closing it is AU07's
        near_lid = ((x - 0.51) / 0.26) ** 2 + ((y + 0.41) / 0.09) ** 2
        return 1 - 0.45 * np.exp(-near_lid)
    if au == "AU25":  # lips part, the jaw's outline stays
        return np.clip(1 - (y - 0.92) / 0.25, 0.1, 1)
    if au == "AU09":  # wings and root of the nose; raising the lip is AU10's
        return np.clip(1 - 0.6 * (y - 0.25) / 0.15, 0.4, 1)
    return np.ones(len(dense))


def _pushed(dense: Array, push: Push) -> Array:
    out = np.zeros_like(dense)
    sides = (1.0, -1.0) if push.at[0] else (1.0,)
    for side in sides:
        dx = (dense[:, 0] - side * push.at[0]) / push.radii[0]
        dy = (dense[:, 1] - push.at[1]) / push.radii[1]
        weight = np.exp(-0.5 * (dx * dx + dy * dy))
        out += weight[:, None] * np.array([side * push.by[0], push.by[1], push.by[2]])
    return out
