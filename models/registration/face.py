"""What registration hands to everything behind it: one face, its mesh and the maps between frames.

Three frames meet here. The *photo* is what was uploaded, in its own pixels. The *canonical frame*
is frontal and person-sized: origin at the middle of the face, unit the canonical inter-ocular
distance, x right in the image, y down, z towards the camera negative. The *registered image* is
224x224 pixels. A `View` takes the canonical frame to the pixels of an image.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
ImageArray = npt.NDArray[np.uint8]

FACE_SIZE: Final = 224
"""Side of a registered image in pixels."""
VERTEX_COUNT: Final = 468
"""Vertices of the dense mesh."""

RegistrationKind = Literal["3d", "2d"]


@dataclass(frozen=True)
class Pose:
    """Head pose in degrees.

    Yaw is positive when the subject turns to their own left, pitch is positive up, roll is
    positive clockwise in the image.
    """

    yaw: float
    pitch: float
    roll: float


VisibilityWarning = Literal[
    "not-sure-a-person",
    "beyond-the-edge",
    "too-small",
    "lower-face-hidden",
    "eyes-hidden",
    "glasses",
]


@dataclass(frozen=True)
class Visibility:
    """What is seen of a face, and how far to trust what is read from it.

    Attributes:
        quality: 0 to 1, what size, turn, the photo's edge, doubt and hidden parts leave of it.
        warnings: what is wrong, in the order of `VisibilityWarning`.
    """

    quality: float = 1.0
    warnings: tuple[VisibilityWarning, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """As images, items and estimates have it."""
        return {"quality": self.quality, "warnings": list(self.warnings)}


@dataclass(frozen=True, eq=False)
class View:
    """A weak-perspective view: ``pixels = canonical @ matrix.T + offset``.

    `matrix` is float32 (3, 3), a rotation times a scale in pixels per canonical unit; `offset` is
    float32 (3,) in pixels. The third pixel coordinate is depth, towards the camera negative.
    """

    matrix: FloatArray
    offset: FloatArray

    def project(self, points: FloatArray) -> FloatArray:
        """Canonical points (..., 3) -> (..., 3) pixels x, y and depth."""
        return np.asarray(points @ self.matrix.T + self.offset, np.float32)

    @property
    def scale(self) -> float:
        """Pixels per canonical unit."""
        return float(np.cbrt(np.linalg.det(self.matrix.astype(np.float64))))

    def resized(self, factor: float) -> View:
        """The same view of an image `factor` times as large.

        Pixel centres are at integers, so the image plane is scaled about its outer corner.
        """
        shift = np.array([(factor - 1) / 2, (factor - 1) / 2, 0], np.float32)
        return View(
            np.asarray(self.matrix * factor, np.float32),
            np.asarray(self.offset * factor + shift, np.float32),
        )


@dataclass(frozen=True, eq=False)
class RegisteredFace:
    """One face of one photo, registered.

    Attributes:
        image: uint8 (224, 224, 3) RGB; black where the source shows nothing of the face.
        mesh: float32 (468, 3), this person's own shape in the canonical frame.
        view: canonical frame -> pixels of `image` (frontal for 3D, the head's own turn for 2D).
        photo: uint8 (H, W, 3) RGB, upright.
        photo_view: canonical frame -> pixels of `photo`; ``photo_view.project(mesh)`` is the mesh
            that was found in the photo.
        sampling: float32 (224, 224, 2), for each pixel of `image` the x, y in `photo` it was
            sampled from; NaN where `image` is black.
        pose: how the head is turned in the photo.
        kind: ``"3d"`` or ``"2d"``.
        visibility: what is seen of it, where a registrar found it.
    """

    image: ImageArray
    mesh: FloatArray
    view: View
    photo: ImageArray
    photo_view: View
    sampling: FloatArray
    pose: Pose
    kind: RegistrationKind
    visibility: Visibility = Visibility()
