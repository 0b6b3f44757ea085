"""The one protocol that every generator follows, learned or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from models.registration.face import FACE_SIZE, RegisteredFace

FloatArray = npt.NDArray[np.float32]
ImageArray = npt.NDArray[np.uint8]


class Generator(Protocol):
    """Draws registered faces with other AU intensities."""

    @property
    def name(self) -> str:
        """The name requests select this generator by."""
        ...

    def generate(
        self,
        faces: Sequence[RegisteredFace],
        targets: FloatArray,
        sources: FloatArray | None = None,
        *,
        seeds: Sequence[int] | None = None,
        size: int = FACE_SIZE,
    ) -> ImageArray:
        """Draw `faces` with the AU intensities `targets`.

        Args:
            faces: N registered faces.
            targets: (N, 18, 2) intensities 0..5, AU by `facs.SUPPORTED_AUS`, side by `facs.SIDES`.
            sources: the same for what the faces show already; neutral when None.
            seeds: N seeds for whatever is random in the drawing; all 0 when None.
            size: side of the drawings in pixels.

        Returns:
            uint8 (N, size, size, 3) RGB in the frame of each face's `view`. The same arguments,
            weights and device give the same bytes.

        Raises:
            ValueError: lengths or shapes disagree.
        """
        ...
