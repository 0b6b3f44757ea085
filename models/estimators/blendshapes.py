"""Blendshapes: 52 coefficients of an expression, read from the refined mesh by Google's network.

They are not action units, and know neither intensities nor a neutral face, but they learnt from
real people: where they see something, they order faces. `cheekSquint*`, `noseSneer*`, `cheekPuff`
and `tongueOut` hardly ever leave 0. Indices and names are those of the published face landmarker
graph (mediapipe/tasks/cc/vision/face_landmarker/face_blendshapes_graph.cc, Apache-2.0).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np

from models.registration.face import FloatArray
from models.registration.network import Network
from models.registration.refined import POINT_COUNT

ASSET: Final = "face_blendshapes.tflite"

BLENDSHAPES: Final = (
    "_neutral", "browDownLeft", "browDownRight", "browInnerUp", "browOuterUpLeft",
    "browOuterUpRight", "cheekPuff", "cheekSquintLeft", "cheekSquintRight", "eyeBlinkLeft",
    "eyeBlinkRight", "eyeLookDownLeft", "eyeLookDownRight", "eyeLookInLeft", "eyeLookInRight",
    "eyeLookOutLeft", "eyeLookOutRight", "eyeLookUpLeft", "eyeLookUpRight", "eyeSquintLeft",
    "eyeSquintRight", "eyeWideLeft", "eyeWideRight", "jawForward", "jawLeft", "jawOpen",
    "jawRight", "mouthClose", "mouthDimpleLeft", "mouthDimpleRight", "mouthFrownLeft",
    "mouthFrownRight", "mouthFunnel", "mouthLeft", "mouthLowerDownLeft", "mouthLowerDownRight",
    "mouthPressLeft", "mouthPressRight", "mouthPucker", "mouthRight", "mouthRollLower",
    "mouthRollUpper", "mouthShrugLower", "mouthShrugUpper", "mouthSmileLeft", "mouthSmileRight",
    "mouthStretchLeft", "mouthStretchRight", "mouthUpperUpLeft", "mouthUpperUpRight",
    "noseSneerLeft", "noseSneerRight",
)  # fmt: skip
"""Names in the order of the network's output; left and right are the subject's own."""

_SEEN: Final = (
    0, 1, 4, 5, 6, 7, 8, 10, 13, 14, 17, 21, 33, 37, 39, 40, 46, 52, 53, 54, 55, 58, 61, 63, 65,
    66, 67, 70, 78, 80, 81, 82, 84, 87, 88, 91, 93, 95, 103, 105, 107, 109, 127, 132, 133, 136,
    144, 145, 146, 148, 149, 150, 152, 153, 154, 155, 157, 158, 159, 160, 161, 162, 163, 168, 172,
    173, 176, 178, 181, 185, 191, 195, 197, 234, 246, 249, 251, 263, 267, 269, 270, 276, 282, 283,
    284, 285, 288, 291, 293, 295, 296, 297, 300, 308, 310, 311, 312, 314, 317, 318, 321, 323, 324,
    332, 334, 336, 338, 356, 361, 362, 365, 373, 374, 375, 377, 378, 379, 380, 381, 382, 384, 385,
    386, 387, 388, 389, 390, 397, 398, 400, 402, 405, 409, 415, 454, 466, 468, 469, 470, 471, 472,
    473, 474, 475, 476, 477,
)  # fmt: skip
"""The 146 points of the refined mesh that the network is given."""

TEACHERS: Final[Mapping[str, tuple[str, ...]]] = {
    "AU01": ("browInnerUp",),
    "AU02": ("browOuterUpLeft", "browOuterUpRight"),
    "AU04": ("browDownLeft", "browDownRight"),
    "AU06": ("eyeSquintLeft", "eyeSquintRight", "mouthSmileLeft", "mouthSmileRight"),
    "AU07": ("eyeSquintLeft", "eyeSquintRight"),
    "AU10": ("mouthUpperUpLeft", "mouthUpperUpRight"),
    "AU12": ("mouthSmileLeft", "mouthSmileRight"),
    "AU15": ("mouthFrownLeft", "mouthFrownRight"),
    "AU17": ("mouthShrugLower",),
    "AU20": ("mouthStretchLeft", "mouthStretchRight"),
    "AU23": ("mouthRollLower", "mouthRollUpper", "mouthPressLeft", "mouthPressRight"),
    "AU24": ("mouthPressLeft", "mouthPressRight"),
    "AU25": (
        "mouthUpperUpLeft", "mouthUpperUpRight", "mouthLowerDownLeft", "mouthLowerDownRight",
        "jawOpen",
    ),
    "AU26": ("jawOpen",),
    "AU43": ("eyeBlinkLeft", "eyeBlinkRight"),
}  # fmt: skip
"""Blendshapes that rise with an AU. AUs that are missing have none: 05, 09 and 14 are not seen."""


class BlendshapeReader:
    """The network. Safe to use from several threads."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def read(self, points: FloatArray) -> FloatArray:
        """float32 (52,) in 0..1, in the order of `BLENDSHAPES`.

        Args:
            points: (478, 2 or 3) of the refined mesh, in pixels.

        Raises:
            ValueError: the points have another shape.
        """
        if points.ndim != 2 or points.shape[0] != POINT_COUNT or points.shape[1] not in (2, 3):
            raise ValueError(f"expected ({POINT_COUNT}, 2 or 3) points, got {points.shape}")
        seen = np.ascontiguousarray(points[list(_SEEN), :2], np.float32)
        return self._network.run(seen[None])[0].reshape(len(BLENDSHAPES))


def load_blendshape_reader() -> BlendshapeReader:
    """The network, loaded.

    Raises:
        models.assets.AssetError: it has not been fetched or is damaged.
    """
    return BlendshapeReader(Network.load(ASSET))


def as_action_units(coefficients: FloatArray) -> dict[str, FloatArray]:
    """What blendshapes say of AUs, in their own unit: the mean of an AU's blendshapes.

    Args:
        coefficients: float32 (..., 52).

    Returns:
        By AU, for those that blendshapes see: float32 (...).
    """
    return {
        au: coefficients[..., [BLENDSHAPES.index(name) for name in names]].mean(axis=-1)
        for au, names in TEACHERS.items()
    }
