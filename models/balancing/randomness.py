"""Random numbers that stay the same across library versions.

numpy promises the raw bits of a bit generator for good, but not what its distributions make of
them. So everything random here is made of raw bits, and a set planned today can be planned again.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

UintArray = npt.NDArray[np.uint64]
FloatArray = npt.NDArray[np.float64]
OrderArray = npt.NDArray[np.intp]


class Stream:
    """Raw bits that follow from a list of whole numbers alone."""

    def __init__(self, *key: int) -> None:
        self._bits = np.random.PCG64(np.random.SeedSequence(list(key)))

    def raw(self, count: int) -> UintArray:
        """uint64 (count,), evenly spread."""
        return np.asarray(self._bits.random_raw(count), np.uint64).reshape(count)

    def uniform(self, count: int) -> FloatArray:
        """float64 (count,) in [0, 1)."""
        return np.asarray((self.raw(count) >> np.uint64(11)) * 2.0**-53, np.float64)

    def order(self, count: int) -> OrderArray:
        """A random permutation of `count` places."""
        return np.argsort(self.raw(count), kind="stable")


def mixed(values: UintArray) -> UintArray:
    """Scramble each number on its own (SplitMix64's finaliser; Steele, Lea & Flood 2014)."""
    with np.errstate(over="ignore"):
        z = values + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return np.asarray(z ^ (z >> np.uint64(31)), np.uint64)
