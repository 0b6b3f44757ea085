"""Photos with a known answer: the portrait put into other frames, and heads in known poses."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from models.images import decode_image
from models.registration import Registrar, load_registrar
from models.registration.canonical import canonical_face
from models.registration.face import FloatArray, ImageArray, Pose
from models.registration.raster import interpolate, rasterise

SHARED = Path(__file__).resolve().parents[4] / "shared" / "data"
"""Photos beside the repository, which only some machines have."""

MARKS = {
    33: (192.9, 100.4),  # right eye, outer corner
    133: (212.3, 102.3),  # right eye, inner corner
    362: (236.0, 103.8),  # left eye, inner corner
    263: (258.4, 103.4),  # left eye, outer corner
    61: (202.1, 139.6),  # right mouth corner
    291: (244.8, 140.4),  # left mouth corner
    152: (222.3, 177.9),  # chin
    4: (223.4, 126.2),  # nose tip
}
"""Mesh vertex -> x, y in the portrait, read off an enlargement by eye."""
EYE_SPAN = 44.9
"""Pixels between the middles of the portrait's eyes, from the same reading."""


@cache
def registrar() -> Registrar:
    return load_registrar()


@cache
def portrait() -> ImageArray:
    """The astronaut portrait of scikit-image's wheel, 512x512, public domain (NASA)."""
    photo = decode_image((files("skimage.data") / "astronaut.png").read_bytes()).rgb
    photo.setflags(write=False)
    return photo


def turned(photo: ImageArray, degrees: float) -> ImageArray:
    """The photo turned clockwise about its middle, in the same frame."""
    height, width = photo.shape[:2]
    # OpenCV counts angles against the clock.
    affine = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), -degrees, 1.0)
    return np.asarray(cv2.warpAffine(photo, affine, (width, height)), np.uint8)


def portrait_in_frame(
    width: int, height: int, face_width: float, at: tuple[float, float]
) -> ImageArray:
    """Head and shoulders of the portrait on a cloudy wall.

    Args:
        width, height: of the photo in pixels.
        face_width: of the face in pixels; in the portrait it is 94.
        at: where the head lies, each from 0 to 1 of the room there is.
    """
    clouds = np.random.default_rng(0).integers(90, 160, (height // 25, width // 25, 3), np.uint8)
    photo = cv2.resize(clouds, (width, height), interpolation=cv2.INTER_CUBIC)
    scale = face_width / 94
    head = cv2.resize(
        portrait()[5:215, 130:320], None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA
    )
    left, top = (
        round(place * (room - used))
        for place, room, used in zip(at, (width, height), head.shape[1::-1], strict=True)
    )
    photo[top : top + head.shape[0], left : left + head.shape[1]] = head
    return np.asarray(photo, np.uint8)


def rotation_of(pose: Pose) -> npt.NDArray[np.float64]:
    """The head's turn by its meaning: where the nose, the crown and the left ear go.

    Written without the product's own rotation: yaw turns the nose towards the subject's left,
    which is the image's right; pitch lifts it; roll turns the image clockwise.
    """
    yaw, pitch, roll = (math.radians(angle) for angle in (pose.yaw, pose.pitch, pose.roll))
    nose = np.array(
        [
            math.sin(yaw) * math.cos(pitch),
            -math.sin(pitch),
            -math.cos(yaw) * math.cos(pitch),
        ]
    )
    left_ear = np.array([math.cos(yaw), 0.0, math.sin(yaw)])
    crown = np.cross(nose, left_ear)
    crown = crown if crown[1] < 0 else -crown
    clockwise = np.array(
        [[math.cos(roll), -math.sin(roll), 0], [math.sin(roll), math.cos(roll), 0], [0, 0, 1]]
    )
    # The head's own axes: x to its left ear, y down, z backwards.
    return np.asarray(clockwise @ np.column_stack([left_ear, -crown, -nose]), np.float64)


@cache
def portrait_mesh() -> tuple[FloatArray, FloatArray]:
    """The portrait's mesh in the canonical frame, and in the portrait's pixels."""
    face = registrar().register(portrait())
    return face.mesh, face.photo_view.project(face.mesh)


@dataclass(frozen=True, eq=False)
class KnownHead:
    """A head of known shape: its mesh in the canonical frame, and each vertex's place in a photo.

    `mesh` is float32 (468, 3), `skin` float32 (468, 2), photo x and y.
    """

    mesh: FloatArray
    photo: ImageArray
    skin: FloatArray

    def seen(self, pose: Pose, size: int = 512) -> ImageArray:
        """The head in a pose, before a grey wall."""
        turn = 120.0 * size / 512 * rotation_of(pose)
        points = self.mesh @ turn.T + [size / 2, size / 2, 0.0]
        triangles = canonical_face().all_triangles
        index, barycentric = rasterise(points.astype(np.float32), triangles, size, size)
        at = interpolate(index, barycentric, triangles, self.skin)
        photo = cv2.remap(self.photo, at[..., 0], at[..., 1], cv2.INTER_CUBIC)
        photo[index < 0] = 150
        return np.asarray(photo, np.uint8)


@cache
def canonical_head() -> KnownHead:
    """The canonical mesh in the average skin of 108 people (``scripts/average_skin.py``).

    One person's skin would not do: what the mesh network makes of a single face leans by up to
    4 degrees of pitch to one side, whatever the shape beneath.
    """
    photo = decode_image((Path(__file__).parent / "average_skin.jpg").read_bytes()).rgb
    mesh = canonical_face().mesh
    return KnownHead(mesh, photo, np.ascontiguousarray(mesh[:, :2] * 120 + np.float32(256)))


@cache
def portrait_head() -> KnownHead:
    """The portrait's own mesh in its own skin."""
    mesh, in_photo = portrait_mesh()
    return KnownHead(mesh, portrait(), np.ascontiguousarray(in_photo[:, :2]))
