"""The one protocol that every generator follows, learned or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from models.facs import SIDES, SUPPORTED_AUS
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


def check_request(
    count: int,
    targets: FloatArray,
    sources: FloatArray | None,
    seeds: Sequence[int] | None,
    size: int,
) -> None:
    """Hold what `Generator.generate` was given to what it asks for.

    Raises:
        ValueError: lengths or shapes disagree, or a drawing would have no pixels.
    """
    shape = (count, len(SUPPORTED_AUS), len(SIDES))
    for name, array in (("targets", targets), ("sources", sources)):
        if array is not None and array.shape != shape:
            raise ValueError(f"{name} must be {shape} for {count} faces, not {array.shape}")
    if seeds is not None and len(seeds) != count:
        raise ValueError(f"{count} faces need {count} seeds, not {len(seeds)}")
    if size < 1:
        raise ValueError(f"size must be at least 1 pixel, not {size}")
