"""The canonical face: the mean neutral face, frontal and symmetric, and the mesh's triangles.

``scripts/fit_canonical_face.py`` makes the array file that is read here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Final

import numpy as np
import numpy.typing as npt

from models.registration import contours
from models.registration.contours import Contour, Opening
from models.registration.face import FloatArray

IndexArray = npt.NDArray[np.int32]

_FILE: Final = "canonical_face.npz"


@dataclass(frozen=True, eq=False)
class CanonicalFace:
    """The mean face and what is known of every mesh.

    Frame: origin at the middle of the face's bounding box, unit the distance between the middles
    of the two eyes (each the middle of its two corners), x right in the image, y down, z towards
    the camera negative. All triangles (a, b, c) are wound alike: (b - a) x (c - a) points out of
    the face, which is towards a camera in front of it. Arrays are read-only.

    Attributes:
        mesh: float32 (468, 3), mirror-symmetric about x = 0.
        triangles: int32 (852, 3), the skin; open at the eyes and the mouth.
        eye_triangles: int32 (28, 3), filling both eye openings, right eye first.
        mouth_triangles: int32 (18, 3), filling the space between the inner lips.
        mirror: int32 (468,), for each vertex the one at the same place on the other side.
        outer_lips, inner_lips, right_eye, left_eye, right_brow, left_brow: upper and lower
            contours, ordered from the subject's right to their left.
        oval: the rim of the mesh, clockwise in the image from the middle of the forehead.
    """

    mesh: FloatArray
    triangles: IndexArray
    eye_triangles: IndexArray
    mouth_triangles: IndexArray
    mirror: IndexArray
    outer_lips: Opening = contours.OUTER_LIPS
    inner_lips: Opening = contours.INNER_LIPS
    right_eye: Opening = contours.RIGHT_EYE
    left_eye: Opening = contours.LEFT_EYE
    right_brow: Opening = contours.RIGHT_BROW
    left_brow: Opening = contours.LEFT_BROW
    oval: Contour = contours.FACE_OVAL

    @property
    def all_triangles(self) -> IndexArray:
        """int32 (898, 3): skin, then eyes, then mouth; the face without a hole."""
        return np.concatenate([self.triangles, self.eye_triangles, self.mouth_triangles])


@lru_cache(maxsize=1)
def canonical_face() -> CanonicalFace:
    """The canonical face, read once."""
    with (
        resources.files("models.registration").joinpath(_FILE).open("rb") as file,
        np.load(file, allow_pickle=False) as arrays,
    ):
        names = ("mesh", "triangles", "eye_triangles", "mouth_triangles", "mirror")
        loaded = {name: arrays[name] for name in names}
    for array in loaded.values():
        array.setflags(write=False)
    return CanonicalFace(**loaded)
