"""Masks and glasses, drawn on the faces of photos by their mesh."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from models.images import ImageArray
from models.registration.face import FloatArray

_JAW = (
    234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361,
    323, 454,
)  # fmt: skip


def masked(photo: ImageArray, mesh: FloatArray, colour: tuple[int, int, int]) -> ImageArray:
    """A cloth from the nose to below the chin, darker where it turns away; `mesh` in the photo."""
    points = mesh[:, :2]
    top = [0.6 * points[454] + 0.4 * points[425], 0.25 * points[6] + 0.75 * points[4]]
    top.append(0.6 * points[234] + 0.4 * points[205])
    outline = np.concatenate([points[list(_JAW)], np.array(top)])
    middle, width = float(points[4, 0]), float(np.ptp(points[:, 0]))
    x = np.arange(photo.shape[1])
    shade = np.clip(1.05 - 0.45 * ((x - middle) / (0.6 * width)) ** 2, 0.5, 1.1)
    cloth = np.broadcast_to(shade[None, :, None] * np.array(colour), photo.shape)
    return _laid(photo, cloth, _filled(photo, outline))


def with_glasses(
    photo: ImageArray,
    mesh: FloatArray,
    *,
    lenses: tuple[int, int, int] | None = None,
    rims: tuple[int, int, int] = (25, 22, 20),
    thickness: float = 0.035,
) -> ImageArray:
    """Round glasses with a bar across the nose; `lenses` are clear when None.

    `thickness` is that of the rims over the distance between the eyes.
    """
    points = mesh[:, :2]
    right, left = (points[[33, 133]].mean(axis=0), points[[263, 362]].mean(axis=0))
    apart = float(np.linalg.norm(left - right))
    along = (left - right) / apart
    angle = float(np.degrees(np.arctan2(along[1], along[0])))
    width = max(1, round(thickness * apart))
    glass, frame = (np.zeros(photo.shape[:2], np.uint8) for _ in range(2))
    size = (round(0.40 * apart), round(0.30 * apart))
    for eye in (right, left):
        middle = _pixel(eye + 0.05 * apart * np.array([-along[1], along[0]]))
        cv2.ellipse(glass, middle, size, angle, 0, 360, 255, -1)
        cv2.ellipse(frame, middle, size, angle, 0, 360, 255, width)
    bar = _pixel(right + 0.4 * apart * along), _pixel(left - 0.4 * apart * along)
    cv2.line(frame, *bar, 255, width)
    out = photo
    if lenses is not None:
        out = _laid(out, np.broadcast_to(np.array(lenses, float), photo.shape), glass)
    return _laid(out, np.broadcast_to(np.array(rims, float), photo.shape), frame)


def _pixel(point: FloatArray) -> tuple[int, int]:
    return round(float(point[0])), round(float(point[1]))


def _filled(photo: ImageArray, outline: FloatArray) -> ImageArray:
    out = np.zeros(photo.shape[:2], np.uint8)
    cv2.fillPoly(out, [np.round(outline).astype(np.int32)], 255)
    return out


def _laid(photo: ImageArray, colour: npt.NDArray[np.floating], where: ImageArray) -> ImageArray:
    share = cv2.GaussianBlur(where, (0, 0), 0.8).astype(np.float32)[..., None] / 255
    return np.asarray(np.clip(photo + share * (colour - photo) + 0.5, 0, 255), np.uint8)
