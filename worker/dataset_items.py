"""What the images of a dataset are drawn from, item by item, whatever it was asked for by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from models.balancing.report import BalanceReport
from models.datasets.description import SourceNote
from models.datasets.preview import Sheet
from models.datasets.references import Reference
from models.datasets.rows import DatasetRow
from models.registration.face import RegisteredFace

FloatArray = npt.NDArray[np.float32]
Pose = tuple[float, float]


@dataclass(frozen=True, eq=False)
class Item:
    """One image to be made.

    Attributes:
        row: what the tables say of it.
        source: number of the face it is made of, for `Items.face`.
        target: (18, 2) intensities to draw; None for a real frame, as it is.
        shown: (18, 2) intensities the source shows already; None where only its pixels tell.
        marked: AU -> intensity for the image's mark.
    """

    row: DatasetRow
    source: int
    target: FloatArray | None
    shown: FloatArray | None
    marked: Mapping[str, float]


class Items(Protocol):
    """All images of one dataset; the same whoever computes them."""

    @property
    def total(self) -> int:
        """How many there are."""
        ...

    def stretch(self, start: int, stop: int) -> Sequence[Item]:
        """Items `start` to `stop`."""
        ...

    def face(self, source: int) -> RegisteredFace:
        """The registered face of this number; kept for a while.

        Raises:
            worker.work.JobFailedError: it can no longer be had.
        """
        ...

    def sheet(self) -> Sheet:
        """Which images a contact sheet shows."""
        ...

    def references(self) -> Iterable[Reference]:
        """What the people usually look like, where that is known; made as they are asked for."""
        ...

    def report(self) -> BalanceReport | None:
        """How balanced the set is, where it was balanced."""
        ...

    def sources(self) -> tuple[SourceNote, ...]:
        """Where the faces come from, and on what terms."""
        ...
