"""Personal mean texture: the average registered face of a subject over many frames.

Where no neutral frame is known, what a person looks like on average stands in for it (Niinuma et
al. 2022; after Baltrusaitis et al. 2015, who normalise by the median of a person's features).
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

ImageArray = npt.NDArray[np.uint8]


class MeanTexture:
    """A running mean of registered faces; memory does not grow with the number of frames."""

    def __init__(self) -> None:
        self._sum: npt.NDArray[np.uint64] | None = None
        self._shown: npt.NDArray[np.uint32] | None = None

    def add(self, face: ImageArray) -> None:
        """Count one frame, uint8 (H, W, 3). Pixels hidden in it (black) do not count.

        Raises:
            ValueError: the frame is not uint8 RGB, or of another size than those before.
        """
        if face.dtype != np.uint8 or face.ndim != 3 or face.shape[2] != 3:
            raise ValueError(f"a face is uint8 (H, W, 3), not {face.dtype} {face.shape}")
        if self._sum is None or self._shown is None:
            self._sum = np.zeros(face.shape, np.uint64)
            self._shown = np.zeros(face.shape[:2], np.uint32)
        if face.shape != self._sum.shape:
            raise ValueError(f"a face of {face.shape} among faces of {self._sum.shape}")
        self._sum += face
        self._shown += face.any(axis=-1)

    def image(self) -> ImageArray:
        """uint8 (H, W, 3): the mean of each pixel over the frames that show it; else black.

        Raises:
            ValueError: no frame was added.
        """
        if self._sum is None or self._shown is None:
            raise ValueError("there is no mean of no frames")
        count = np.maximum(self._shown, 1)[..., None]
        return np.asarray((self._sum + count // 2) // count, np.uint8)


def mean_texture(faces: Iterable[ImageArray]) -> ImageArray:
    """The mean texture of frames, uint8 (H, W, 3) each.

    Raises:
        ValueError: there are none, or they differ in size.
    """
    mean = MeanTexture()
    for face in faces:
        mean.add(face)
    return mean.image()
