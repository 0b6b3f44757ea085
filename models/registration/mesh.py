"""The dense mesh of one face in a photo, by the Face Mesh network.

Kartynnik et al., "Real-time Facial Surface Geometry from Monocular Video on Mobile GPUs" (2019).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from models.registration.detector import Detection
from models.registration.face import VERTEX_COUNT, FloatArray
from models.registration.network import Network
from models.registration.pyramid import Pyramid, Window
from models.registration.tone import in_greys

ASSET: Final = "face_landmark.tflite"
_INPUT: Final = 192
_MARGIN: Final = 1.5
"""The crop's side over the face's: what the network was trained on."""
_OUTER_EYE_CORNERS: Final = (33, 263)


@dataclass(frozen=True, eq=False)
class PhotoMesh:
    """A face's mesh in the photo.

    Attributes:
        points: float32 (468, 3) in photo pixels; depth in the same unit, towards the camera
            negative.
        presence: 0 to 1, how sure the network is that this is a face.
    """

    points: FloatArray
    presence: float


class MeshFinder:
    """Face Mesh on a crop around a face. Safe to use from several threads."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def find(self, pyramid: Pyramid, detection: Detection) -> PhotoMesh:
        """The mesh of the face at `detection`.

        A first mesh places a second crop, because the detector's box and turn are coarse.
        """
        first = self.measure(pyramid, detection.window(_MARGIN))
        return self.measure(pyramid, window_around(first.points))

    def measure(self, pyramid: Pyramid, window: Window) -> PhotoMesh:
        """The mesh of the one face in `window`."""
        crop = in_greys(pyramid.cut(window, _INPUT))
        points, logit = self._network.run((crop.astype(np.float32) / 255.0)[None])
        return PhotoMesh(
            # The network counts from the crop's corner, photos from the first pixel's centre.
            points=window.points_to_photo(
                points.reshape(VERTEX_COUNT, 3) - np.array([0.5, 0.5, 0.0], np.float32), _INPUT
            ),
            presence=1.0 / (1.0 + math.exp(-float(logit.reshape(())))),
        )


def window_around(points: FloatArray) -> Window:
    """The crop for a mesh (468, 3) in photo pixels: eyes level, 1.5 times the face."""
    right, left = points[_OUTER_EYE_CORNERS[0], :2], points[_OUTER_EYE_CORNERS[1], :2]
    across = left - right
    turn = math.atan2(float(across[1]), float(across[0]))
    axes = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    level = points[:, :2] @ axes.T
    low, high = level.min(0), level.max(0)
    centre = axes.T @ ((low + high) / 2)
    side = float((high - low).max()) * _MARGIN
    return Window(float(centre[0]), float(centre[1]), side, math.degrees(turn))
