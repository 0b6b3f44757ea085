"""What an estimator answers. Numpy only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from models import facs

FloatArray = npt.NDArray[np.float32]
_LEVEL_VALUES = np.arange(len(facs.LEVELS), dtype=np.float32)


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
        """float32 (N, A) in [0, 5]: the mean of each distribution over the levels."""
        mean = self.probabilities @ _LEVEL_VALUES
        return np.asarray(np.clip(mean, 0, facs.MAX_INTENSITY), np.float32)

    @property
    def levels(self) -> facs.LevelArray:
        """int8 (N, A), index into `facs.LEVELS`: the intensity rounded as `facs.level` rounds."""
        return facs.level_indices(self.intensities)

    def presence(self, threshold: float = 1.0) -> facs.BoolArray:
        """bool (N, A): intensity >= threshold, by `facs.presence`."""
        return facs.presence(self.intensities, threshold)

    def column(self, au: str) -> FloatArray:
        """float32 (N,), the intensities of one AU.

        Raises:
            KeyError: the estimator does not read it.
        """
        if au not in self.aus:
            raise KeyError(f"{au} is not among {', '.join(self.aus)}")
        return self.intensities[:, self.aus.index(au)]

    def as_dicts(self, threshold: float = 1.0) -> list[Mapping[str, dict[str, Any]]]:
        """One mapping a face: AU -> intensity, level (a letter), present, six probabilities."""
        intensities = self.intensities
        return [
            {
                au: {
                    "intensity": round(float(intensities[row, column]), 3),
                    "level": facs.level(float(intensities[row, column])),
                    "present": facs.is_present(float(intensities[row, column]), threshold),
                    "probabilities": [round(float(p), 4) for p in self.probabilities[row, column]],
                }
                for column, au in enumerate(self.aus)
            }
            for row in range(len(self))
        ]


def concatenated(parts: list[Estimates]) -> Estimates:
    """Estimates of more faces after one another, all for the same AUs.

    Raises:
        ValueError: there is none, or they are for different AUs.
    """
    if not parts or any(part.aus != parts[0].aus for part in parts):
        raise ValueError("estimates to join must be for the same AUs, and at least one")
    return Estimates(parts[0].aus, np.concatenate([part.probabilities for part in parts]))
