"""What an estimator answers. Numpy only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models import facs

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Estimates:
    """AU intensities of N faces.

    Attributes:
        aus: the A action units, in the order of the arrays' second axis.
        probabilities: float32 (N, A, 6), of the levels 0, A..E; they sum to 1.
    """

    aus: tuple[str, ...]
    probabilities: FloatArray

    def __post_init__(self) -> None:
        expected = (len(self.probabilities), len(self.aus), len(facs.LEVELS))
        if self.probabilities.shape != expected:
            raise ValueError(f"expected probabilities {expected}, got {self.probabilities.shape}")

    def __len__(self) -> int:
        return len(self.probabilities)

    @property
    def intensities(self) -> FloatArray:
        """float32 (N, A) in [0, 5]: the median of each distribution, by `median_intensities`."""
        return median_intensities(self.probabilities)

    @property
    def levels(self) -> facs.LevelArray:
        """int8 (N, A), index into `facs.LEVELS`, of the intensities by `facs.level_indices`."""
        return facs.level_indices(self.intensities)

    def presence(self, at_least: facs.Level = "A") -> facs.BoolArray:
        """bool (N, A): by `facs.presence` of the intensities."""
        return facs.presence(self.intensities, at_least)

    def column(self, au: str) -> FloatArray:
        """float32 (N,), the intensities of one AU.

        Raises:
            KeyError: the estimator does not read it.
        """
        if au not in self.aus:
            raise KeyError(f"{au} is not among {', '.join(self.aus)}")
        return self.intensities[:, self.aus.index(au)]

    def as_dicts(self) -> list[Mapping[str, dict[str, Any]]]:
        """One mapping a face: AU -> intensity, level (a letter), present, six probabilities."""
        intensities = facs.printed(self.intensities)
        return [
            {
                au: {
                    "intensity": float(intensities[row, column]),
                    "level": facs.level(intensities[row, column]),
                    "present": facs.is_present(intensities[row, column]),
                    "probabilities": [round(float(p), 4) for p in self.probabilities[row, column]],
                }
                for column, au in enumerate(self.aus)
            }
            for row in range(len(self))
        ]


def median_intensities(probabilities: FloatArray) -> FloatArray:
    """The median intensity of distributions over the levels, in [0, 5].

    Level k is taken to spread evenly from k - .5 to k + .5, so the median moves smoothly with the
    probabilities, and it rounds to the highest level that is at least as likely reached as not:
    P(above 0) of .5 is an intensity of .5, the least that `facs` calls present.

    Args:
        probabilities: (..., 6), which sum to 1.

    Returns:
        float32 (...).
    """
    edges = np.cumsum(probabilities[..., ::-1], axis=-1, dtype=np.float64)[..., ::-1]
    above = edges / edges[..., :1]  # ..., 6: P(intensity > k - .5); the first is 1
    above = np.concatenate([above, np.zeros_like(above[..., :1])], axis=-1)
    cell = (above[..., 1:-1] >= 0.5).sum(axis=-1)[..., None]
    upper = np.take_along_axis(above, cell, axis=-1)[..., 0]
    lower = np.take_along_axis(above, cell + 1, axis=-1)[..., 0]
    median = cell[..., 0] - 0.5 + (upper - 0.5) / (upper - lower)
    return np.asarray(np.clip(median, 0, facs.MAX_INTENSITY), np.float32)


def concatenated(parts: list[Estimates]) -> Estimates:
    """Estimates of more faces after one another, all for the same AUs.

    Raises:
        ValueError: there is none, or they are for different AUs.
    """
    if not parts or any(part.aus != parts[0].aus for part in parts):
        raise ValueError("estimates to join must be for the same AUs, and at least one")
    return Estimates(parts[0].aus, np.concatenate([part.probabilities for part in parts]))
