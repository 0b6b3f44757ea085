"""Counts labels as they go by: how balanced a set of frames is, in numbers."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models import facs

FloatArray = npt.NDArray[np.float32]
CountArray = npt.NDArray[np.int64]
RatioArray = npt.NDArray[np.float64]


class LabelTally:
    """Adds up label vectors in batches of any size; holds counts only."""

    def __init__(self) -> None:
        aus = len(facs.SUPPORTED_AUS)
        self.frames = 0
        self._levels = np.zeros((aus, len(facs.LEVELS)), np.int64)
        self._both_present = np.zeros((aus, aus), np.int64)
        self._present_and_known = np.zeros((aus, aus), np.int64)

    def add(self, labels: FloatArray) -> None:
        """Count (n, 18) intensities, NaN where not coded."""
        levels = facs.level_indices(labels)
        for level in range(len(facs.LEVELS)):
            self._levels[:, level] += (levels == level).sum(axis=0)
        present = facs.presence(labels).astype(np.int64)
        known = (~np.isnan(labels)).astype(np.int64)
        self._both_present += present.T @ present
        self._present_and_known += present.T @ known
        self.frames += len(labels)

    @property
    def level_counts(self) -> CountArray:
        """(18, 6): frames with each AU at each level."""
        return self._levels.copy()

    @property
    def imbalance_ratio(self) -> RatioArray:
        """(18,): see `imbalance_ratio`."""
        return imbalance_ratio(self._levels)

    @property
    def mean_imbalance_ratio(self) -> float:
        """See `mean_imbalance_ratio`, of the frames each AU is present in."""
        return mean_imbalance_ratio(np.diagonal(self._both_present))

    @property
    def co_occurrence(self) -> RatioArray:
        """(18, 18): of the frames with AU i present and AU j coded, the part with j present.

        NaN where there is no such frame.
        """
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self._both_present / self._present_and_known, np.float64)


def imbalance_ratio(level_counts: CountArray) -> RatioArray:
    """Frames of an AU's most frequent level over those of its rarest, of the six levels.

    The ratio of the largest to the smallest class (He & Garcia, "Learning from imbalanced data",
    2009). 1 is balanced, infinity a level that never occurs, NaN an AU that is not coded.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(level_counts.max(axis=-1) / level_counts.min(axis=-1), np.float64)


def mean_imbalance_ratio(present: CountArray) -> float:
    """MeanIR of multi-label sets: how rare the AUs that occur are against the most frequent one.

    IRLbl of an AU is the count of the most frequent AU over its own; MeanIR is its mean (Charte et
    al., "Addressing imbalance in multilabel classification", 2015). AUs that never occur are left
    out, as their ratio is infinite; NaN when none occurs.
    """
    occurring = present[present > 0]
    return float((occurring.max() / occurring).mean()) if len(occurring) else float("nan")
