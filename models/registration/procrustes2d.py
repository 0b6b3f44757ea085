"""2D registration: 68 landmarks brought to a frontal template by a similarity."""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np

from models.registration.alignment import Similarity, align_to_canonical, fit_similarity
from models.registration.canonical import canonical_face
from models.registration.face import FACE_SIZE, FloatArray, ImageArray, RegisteredFace, View
from models.registration.frontalise import frontal_view
from models.registration.headpose import head_pose
from models.registration.pyramid import Pyramid, Window

LANDMARKS: Final[tuple[int, ...]] = (
    # 0-16 jaw, from the subject's right ear round the chin to the left
    127, 234, 93, 58, 172, 136, 150, 176, 152, 400, 379, 365, 397, 288, 323, 454, 356,
    # 17-21 right brow, outer to inner; 22-26 left brow, inner to outer
    70, 63, 105, 66, 107, 336, 296, 334, 293, 300,
    # 27-30 nose bridge, downwards; 31-35 below the nostrils, right to left
    168, 197, 5, 4, 98, 97, 2, 326, 327,
    # 36-41 right eye, 42-47 left eye: outer or inner corner on the right first, clockwise
    33, 160, 158, 133, 153, 144, 362, 385, 387, 263, 373, 380,
    # 48-59 outer lips, clockwise from the right corner; 60-67 inner lips likewise
    61, 40, 37, 0, 267, 270, 291, 321, 314, 17, 84, 91, 78, 81, 13, 311, 308, 402, 14, 178,
)  # fmt: skip
"""The mesh vertices that stand for the 68 landmarks of Multi-PIE (Gross et al. 2010), in order."""

_FINER: Final = 2


def register_2d(pyramid: Pyramid, points: FloatArray) -> RegisteredFace:
    """Register the face whose mesh is `points`, (468, 3) in photo pixels, in 2D.

    The image keeps what surrounds the face; it is black only beyond the photo. The template is
    the canonical face's landmarks as the 3D registration lays them out.
    """
    mesh, photo_view = align_to_canonical(points)
    return aligned_2d(pyramid, mesh, photo_view, points)


def aligned_2d(
    pyramid: Pyramid, mesh: FloatArray, photo_view: View, points: FloatArray
) -> RegisteredFace:
    """The same for a face whose canonical mesh is known, and the view that takes it to `points`."""
    marks = list(LANDMARKS)
    template = frontal_view().project(canonical_face().mesh)[marks, :2]
    fit = fit_similarity(points[marks, :2], template)
    return RegisteredFace(
        image=_shown(pyramid, fit.inverse(), FACE_SIZE),
        mesh=mesh,
        view=_after(photo_view, fit),
        photo=pyramid.photo,
        photo_view=photo_view,
        sampling=_sampling(pyramid, fit.inverse()),
        pose=head_pose(photo_view),
        kind="2d",
    )


def shown_in_2d(face: RegisteredFace, pyramid: Pyramid, size: int = FACE_SIZE) -> ImageArray:
    """uint8 (size, size, 3): what the registered image of `face` shows, seen in another photo.

    Args:
        face: registered in 2D.
        pyramid: of a photo as large as the face's own, in which the same pixels show the same.
        size: side of the result in pixels.
    """
    view = face.view.resized(size / FACE_SIZE)
    whole = face.photo_view.matrix.astype(np.float64) @ np.linalg.inv(view.matrix)
    scale = math.sqrt(np.linalg.det(whole[:2, :2]))
    rotation = whole[:2, :2] / scale
    offset = face.photo_view.offset[:2] - whole[:2, :2] @ view.offset[:2]
    return _shown(pyramid, Similarity(rotation, scale, offset), size)


def _shown(pyramid: Pyramid, to_photo: Similarity, size: int) -> ImageArray:
    """uint8 (size, size, 3) of the photo; `to_photo` takes its pixels there."""
    x, y = to_photo.apply(np.full(2, (size - 1) / 2))
    turn = math.atan2(float(to_photo.rotation[1, 0]), float(to_photo.rotation[0, 0]))
    window = Window(float(x), float(y), size * to_photo.scale, math.degrees(turn))
    finer = pyramid.cut(window, size * _FINER)
    return np.asarray(cv2.resize(finer, (size, size), interpolation=cv2.INTER_AREA), np.uint8)


def _after(view: View, fit: Similarity) -> View:
    """`view` followed by the similarity `fit` of its image plane; depth is scaled alike."""
    whole = np.eye(3) * fit.scale
    whole[:2, :2] = fit.matrix
    offset = whole @ view.offset
    offset[:2] += fit.offset
    return View(np.asarray(whole @ view.matrix, np.float32), np.asarray(offset, np.float32))


def _sampling(pyramid: Pyramid, to_photo: Similarity) -> FloatArray:
    """float32 (224, 224, 2): photo x, y of each pixel, NaN beyond the photo."""
    pixels = np.arange(FACE_SIZE, dtype=np.float32)
    matrix, offset = to_photo.matrix.astype(np.float32), to_photo.offset.astype(np.float32)
    along_row, down_column = np.outer(pixels, matrix[:, 0]), np.outer(pixels, matrix[:, 1])
    at = along_row[None] + (down_column + offset)[:, None]  # 224, 224, 2
    limit = np.array([pyramid.width, pyramid.height], np.float32) - 0.5
    at[~((at >= -0.5) & (at <= limit)).all(-1)] = np.nan
    return at
