"""What `compact` looks at: the face of a registered image, without its empty border."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from models.registration.face import FACE_SIZE

ImageArray = npt.NDArray[np.uint8]

CROP_HEIGHT: Final = 128
CROP_WIDTH: Final = 96
_TOP, _BOTTOM, _LEFT, _RIGHT = 2, 202, 37, 187
"""Of 224x224: from above the brows to below a dropped jaw, at CROP_WIDTH : CROP_HEIGHT."""


def crop_faces(images: ImageArray) -> ImageArray:
    """uint8 (N, 224, 224, 3) RGB registered images -> uint8 (N, 128, 96, 3).

    Raises:
        ValueError: the images are not uint8 of that shape.
    """
    if images.dtype != np.uint8 or images.ndim != 4 or images.shape[1:] != (FACE_SIZE,) * 2 + (3,):
        raise ValueError(
            f"expected uint8 (N, {FACE_SIZE}, {FACE_SIZE}, 3), got {images.dtype} {images.shape}"
        )
    out = np.empty((len(images), CROP_HEIGHT, CROP_WIDTH, 3), np.uint8)
    for index, image in enumerate(images):
        inner = image[_TOP:_BOTTOM, _LEFT:_RIGHT]
        cv2.resize(inner, (CROP_WIDTH, CROP_HEIGHT), dst=out[index], interpolation=cv2.INTER_AREA)
    return out
