"""A face seen with its head turned, hair and background around it, and registered in 2D.

What estimators meet that are tested on faces aligned in 2D under other poses (Niinuma et al.
2022): the face is turned in 3D, put in front of what surrounds it in its photo, and aligned by a
similarity.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from models.registration.canonical import canonical_face
from models.registration.face import (
    FACE_SIZE,
    FloatArray,
    ImageArray,
    Pose,
    RegisteredFace,
    View,
)
from models.registration.frontalise import frontal_view
from models.registration.headpose import rotation
from models.registration.procrustes2d import aligned_2d
from models.registration.pyramid import Pyramid
from models.registration.raster import interpolate, rasterise
from models.registration.texture import draw

_FINER: Final = 1.5
"""Resolution of the picture, as a multiple of a registered image's."""
_SIZE: Final = 3 * FACE_SIZE
"""Side of the picture: twice a registered image, as heads that look down are enlarged."""
_RIM: Final = 2.0
"""Pixels over which the face gives way to what is behind it."""
_RINGS: Final = (0.7, 1.0, 1.1, 1.25, 1.5, 2.0, 3.0, 6.0)
"""Sizes of rings about the face, as multiples of its outline about its middle. What lies on one in
the photo lies on the same one around the turned face: hair stays on the forehead's rim."""


def turned_face(face: RegisteredFace, pitch: float, yaw: float) -> RegisteredFace:
    """The same face in a picture in which the head is turned so, registered in 2D.

    Args:
        face: registered in 2D or 3D.
        pitch, yaw: of the head in the result, in degrees, whatever its pose in the photo was.
    """
    pyramid, view = Pyramid(face.photo), _view(pitch, yaw)
    picture = _behind(face, view)
    drawn = draw(pyramid, face.mesh, face.photo_view, view, _SIZE).image
    shown = np.asarray(drawn.any(axis=2), np.uint8)
    inner = cv2.erode(shown, np.ones((3, 3), np.uint8)).astype(np.float32)
    share = np.minimum(cv2.GaussianBlur(inner, (0, 0), _RIM / 2), shown)[..., None]
    whole = picture + share * (drawn - picture)
    points = view.project(face.mesh)
    made_up = _missing(drawn, points)
    photo = np.asarray(np.clip(whole + 0.5, 0, 255), np.uint8)
    if made_up.any():
        photo = np.asarray(cv2.inpaint(photo, made_up, 3, cv2.INPAINT_TELEA), np.uint8)
    aligned = aligned_2d(Pyramid(photo), face.mesh, view, points)
    # Head poses are measured off meshes that photos give, which are flatter than this one is.
    return replace(aligned, pose=Pose(yaw=yaw, pitch=pitch, roll=0.0))


def _view(pitch: float, yaw: float) -> View:
    frontal = frontal_view(round(_FINER * FACE_SIZE))
    turned = frontal.scale * rotation(Pose(yaw=yaw, pitch=pitch, roll=0.0))
    middle = np.array([(_SIZE - 1) / 2, (_SIZE - 1) / 2, 0.0], np.float32)
    return View(np.asarray(turned, np.float32), middle)


def _missing(drawn: ImageArray, points: FloatArray) -> npt.NDArray[np.uint8]:
    """uint8 (S, S), 1 where the photo does not show the face that is there: a cheek's far side."""
    covered = rasterise(points, canonical_face().all_triangles, _SIZE, _SIZE)[0] >= 0
    missing = np.asarray(covered & ~drawn.any(axis=2), np.uint8)
    # A little more, as the rim of what is there is mixed with what lies behind.
    return np.asarray(cv2.dilate(missing, np.ones((5, 5), np.uint8)), np.uint8)


def _behind(face: RegisteredFace, view: View) -> FloatArray:
    """float32 (S, S, 3): hair, neck and wall, which follow the outline of the face."""
    outline = face.mesh[list(canonical_face().oval)]
    there = _rings(face.photo_view.project(outline)[:, :2])
    here = _rings(view.project(outline)[:, :2])
    # Rings further out lie further back, so that a fold of the outline hides what is behind it.
    depth = np.repeat(np.arange(len(_RINGS), dtype=np.float32), len(outline))[:, None]
    vertices = np.concatenate([here, depth], axis=1).astype(np.float32)
    triangles = _triangles(len(outline))
    index, barycentric = rasterise(vertices, triangles, _SIZE, _SIZE)
    at = interpolate(index, barycentric, triangles, there)
    reduction = face.photo_view.scale / view.scale
    blurred: ImageArray = face.photo
    if reduction > 1:
        blurred = np.asarray(cv2.GaussianBlur(face.photo, (0, 0), 0.4 * reduction), np.uint8)
    picture = cv2.remap(
        blurred, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(picture, np.float32)


def _rings(outline: FloatArray) -> FloatArray:
    """float32 (R K, 2): the outline (K, 2) at each size about its middle."""
    middle = (outline.max(axis=0) + outline.min(axis=0)) / 2
    return np.concatenate(
        [middle + (outline - middle) * np.float32(size) for size in _RINGS]
    ).astype(np.float32)


@lru_cache(maxsize=1)
def _triangles(count: int) -> npt.NDArray[Any]:
    """int32 (T, 3): between each ring of `count` points and the next."""
    rows = []
    for ring in range(len(_RINGS) - 1):
        for step in range(count):
            a, b = ring * count + step, ring * count + (step + 1) % count
            rows += [(a, a + count, b), (b, a + count, b + count)]
    return np.array(rows, np.int32)
