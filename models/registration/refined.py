"""The refined mesh of one face: lips and lids followed more closely, and both irises.

The face landmarker's mesh network with attention (Grishchenko et al., "Attention Mesh:
High-fidelity Face Mesh Prediction in Real-time", 2020). Four times as slow as the mesh in use
everywhere, so it is asked only by what needs the irises, the blendshapes or the finer contours.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from models.registration.face import VERTEX_COUNT, FloatArray, ImageArray
from models.registration.mesh import window_around
from models.registration.network import Network
from models.registration.pyramid import Pyramid

ASSET: Final = "face_landmarks_detector.tflite"
POINT_COUNT: Final = 478
"""The 468 vertices of the mesh in use, then five points of each iris."""
RIGHT_IRIS: Final = (468, 469, 470, 471, 472)
LEFT_IRIS: Final = (473, 474, 475, 476, 477)
"""Of the subject's own right and left eye: centre, then the rim to the image's right, top, left
and bottom."""
_INPUT: Final = 256


@dataclass(frozen=True, eq=False)
class RefinedMesh:
    """A face's refined mesh in the photo.

    Attributes:
        points: float32 (478, 3) in photo pixels; depth in the same unit, towards the camera
            negative. The first 468 are vertices as of the mesh in use.
        presence: 0 to 1, how sure the network is that this is a face.
    """

    points: FloatArray
    presence: float

    @property
    def mesh(self) -> FloatArray:
        """float32 (468, 3): the vertices without the irises."""
        return self.points[:VERTEX_COUNT]


class RefinedFinder:
    """The refined mesh on a crop around a face. Safe to use from several threads."""

    def __init__(self, network: Network) -> None:
        self._network = network

    def refine(self, photo: ImageArray | Pyramid, mesh: FloatArray) -> RefinedMesh:
        """The refined mesh of the face whose mesh (468, 3), in photo pixels, is known."""
        pyramid = photo if isinstance(photo, Pyramid) else Pyramid(photo)
        window = window_around(mesh)
        crop = pyramid.cut(window, _INPUT)
        points, logit, _ = self._network.run((crop.astype(np.float32) / 255.0)[None])
        return RefinedMesh(
            # The network counts from the crop's corner, photos from the first pixel's centre.
            points=window.points_to_photo(
                points.reshape(POINT_COUNT, 3) - np.array([0.5, 0.5, 0.0], np.float32), _INPUT
            ),
            presence=1.0 / (1.0 + math.exp(-float(logit.reshape(())))),
        )


def load_refined_finder() -> RefinedFinder:
    """The refined mesh's network, loaded.

    Raises:
        models.assets.AssetError: it has not been fetched or is damaged.
    """
    return RefinedFinder(Network.load(ASSET))
