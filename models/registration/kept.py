"""A face as a corpus keeps it: found once, then registered in 2D or 3D without looking again.

Kept are the mesh that was found and the part of the photo a registered image can show, at no more
than twice a registered image's resolution, which is what drawings sample from. 224 x 224 pixels
of face take about 60 kB.
"""

from __future__ import annotations

import io
import struct
from dataclasses import replace
from typing import Final

import cv2
import numpy as np
from PIL import Image

from models.registration.face import (
    VERTEX_COUNT,
    FloatArray,
    ImageArray,
    RegisteredFace,
    RegistrationKind,
)
from models.registration.frontalise import frontalise
from models.registration.procrustes2d import register_2d
from models.registration.pyramid import Pyramid
from models.registration.registrar import Registrar
from models.registration.visibility import assess

_HEADER: Final = struct.Struct("<4s")
_MAGIC: Final = b"FKF1"
_MESH: Final = np.dtype("<f4")
_MESH_BYTES: Final = VERTEX_COUNT * 3 * _MESH.itemsize
_SURROUND: Final = 0.35
"""What is kept around the mesh, as a share of its larger side: the 2D image shows 0.32."""
_LARGEST_FACE: Final = 340
"""Pixels of the mesh's larger side: twice the 170 it takes in a registered image."""
_QUALITY: Final = 95


class KeptFaceError(ValueError):
    """The bytes are no kept face."""


def keep_face(registrar: Registrar, photo: ImageArray) -> bytes:
    """Find the largest face of a photo, uint8 (H, W, 3) RGB, and keep it.

    Raises:
        NoFaceError: there is none.
    """
    face = registrar.register(photo, kind="2d")
    points = face.photo_view.project(face.mesh)
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    side = float((high - low).max())
    edge = np.array([photo.shape[1], photo.shape[0]])
    start = np.clip(np.floor(low - _SURROUND * side), 0, edge - 1).astype(int)
    stop = np.clip(np.ceil(high + _SURROUND * side) + 1, start + 1, edge).astype(int)
    crop = photo[start[1] : stop[1], start[0] : stop[0]]
    moved = points - np.array([*start, 0], np.float32)
    crop, moved = _reduced(crop, moved, side)
    return _HEADER.pack(_MAGIC) + moved.astype(_MESH).tobytes() + _jpeg(crop)


def registered_face(data: bytes, kind: RegistrationKind) -> RegisteredFace:
    """The face that `keep_face` kept, registered.

    Raises:
        KeptFaceError: the bytes are something else.
    """
    start = _HEADER.size + _MESH_BYTES
    if len(data) <= start or data[: _HEADER.size] != _MAGIC:
        raise KeptFaceError("the bytes are no kept face")
    points = np.frombuffer(data[_HEADER.size : start], _MESH).reshape(VERTEX_COUNT, 3)
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8, offset=start), cv2.IMREAD_COLOR)
    if pixels is None:
        raise KeptFaceError("the picture of a kept face is damaged")
    photo = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8)
    pyramid = Pyramid(photo)
    mesh = points.astype(np.float32)
    face = frontalise(pyramid, mesh) if kind == "3d" else register_2d(pyramid, mesh)
    return replace(face, visibility=assess(pyramid, mesh, face.pose))


def _reduced(crop: ImageArray, points: FloatArray, side: float) -> tuple[ImageArray, FloatArray]:
    """A crop and the points in it, made smaller where the face is larger than need be."""
    factor = _LARGEST_FACE / side
    if factor >= 1:
        return np.ascontiguousarray(crop), points
    height, width = crop.shape[:2]
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    small = np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.uint8)
    across, down = size[0] / width, size[1] / height
    out = points * np.array([across, down, (across + down) / 2], np.float32)
    out[:, :2] += np.array([(across - 1) / 2, (down - 1) / 2], np.float32)
    return small, out.astype(np.float32)


def _jpeg(rgb: ImageArray) -> bytes:
    out = io.BytesIO()
    Image.fromarray(rgb).save(out, "JPEG", quality=_QUALITY, subsampling=0)
    return out.getvalue()
