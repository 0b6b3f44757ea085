"""Square windows cut from a photo at any place, size and turn, without aliasing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from models.registration.face import FloatArray, ImageArray

_ENLARGED: Final = 0.75
"""Photo pixels per drawn pixel below which cubic interpolation is worth its time."""


@dataclass(frozen=True)
class Window:
    """A square on the photo: centre and side in photo pixels, turned clockwise by `angle` degrees.

    Pixel centres are at integers, in the photo and in the crop.
    """

    x: float
    y: float
    side: float
    angle: float = 0.0

    def to_photo(self, size: int) -> npt.NDArray[np.float64]:
        """Affine (2, 3) that takes pixels x, y of a `size` x `size` crop to photo pixels."""
        scale, turn = self.side / size, math.radians(self.angle)
        linear = scale * np.array(
            [[math.cos(turn), -math.sin(turn)], [math.sin(turn), math.cos(turn)]]
        )
        offset = np.array([self.x, self.y]) - linear @ np.full(2, (size - 1) / 2)
        return np.column_stack([linear, offset])

    def points_to_photo(self, points: FloatArray, size: int) -> FloatArray:
        """(..., 2 or 3) crop pixels -> photo pixels; a third coordinate, depth, is scaled alike."""
        affine = self.to_photo(size)
        out = np.empty(points.shape, np.float32)
        out[..., :2] = points[..., :2] @ affine[:, :2].T + affine[:, 2]
        out[..., 2:] = points[..., 2:] * (self.side / size)
        return out


class Pyramid:
    """A photo and its successive halves, made when first asked for.

    Cuts read from the level nearest above the wanted resolution, so that reduction never skips
    pixels. Not shared between threads: one is made per photo and call.
    """

    def __init__(self, photo: ImageArray) -> None:
        self.photo = photo
        self._levels = [photo]

    @property
    def height(self) -> int:
        return int(self.photo.shape[0])

    @property
    def width(self) -> int:
        return int(self.photo.shape[1])

    def level(self, reduction: float) -> ImageArray:
        """The smallest level that is reduced by no more than `reduction`, which is 1 or more."""
        index = max(0, math.floor(math.log2(max(reduction, 1.0)) + 1e-6))
        while len(self._levels) <= index and min(self._levels[-1].shape[:2]) >= 2:
            last = self._levels[-1]
            half = (max(1, last.shape[1] // 2), max(1, last.shape[0] // 2))
            self._levels.append(
                np.asarray(cv2.resize(last, half, interpolation=cv2.INTER_AREA), np.uint8)
            )
        return self._levels[min(index, len(self._levels) - 1)]

    def level_affine(self, level: ImageArray) -> npt.NDArray[np.float64]:
        """Affine (2, 3), without turn, that takes photo pixels x, y to pixels of `level`."""
        across, down = level.shape[1] / self.width, level.shape[0] / self.height
        return np.array([[across, 0.0, (across - 1) / 2], [0.0, down, (down - 1) / 2]])

    def sample(self, points: FloatArray, reduction: float) -> ImageArray:
        """Colours of the photo at `points`, averaged over about `reduction` photo pixels.

        Args:
            points: float32 (..., 2), one or two axes before the last: photo x, y. Beyond the
                photo its border goes on.
            reduction: photo pixels per drawn pixel; below 1 the photo is enlarged.

        Returns:
            uint8 (..., 3).
        """
        level = self.level(reduction)
        affine = self.level_affine(level)
        scale, offset = np.diag(affine[:, :2]).astype(np.float32), affine[:, 2].astype(np.float32)
        grid = points[None] if points.ndim == 2 else points
        x, y = (grid[..., axis] * scale[axis] + offset[axis] for axis in (0, 1))
        kind = cv2.INTER_CUBIC if reduction < _ENLARGED else cv2.INTER_LINEAR
        picked = cv2.remap(level, x, y, kind, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(picked, np.uint8).reshape(*points.shape[:-1], 3)

    def cut(self, window: Window, size: int) -> ImageArray:
        """uint8 (size, size, 3) crop of `window`; black beyond the photo."""
        level = self.level(window.side / size)
        to_level = self.level_affine(level)
        to_photo = window.to_photo(size)
        affine = to_level[:, :2] @ to_photo
        affine[:, 2] += to_level[:, 2]
        return np.asarray(
            cv2.warpAffine(
                level,
                affine,
                (size, size),
                flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                borderMode=cv2.BORDER_CONSTANT,
            ),
            np.uint8,
        )
