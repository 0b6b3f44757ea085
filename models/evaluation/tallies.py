"""What each person's frames add to the figures of one AU, so that people can be drawn again.

A figure over frames is a function of sums over people. With the sums kept by person, drawing people
with replacement (the bootstrap over clusters; Davison & Hinkley 1997, 3.8) is a product of the
counts with the sums, and ten thousand frames are read once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from models.facs import Level, presence, printed

FloatArray = npt.NDArray[np.float32]
DoubleArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]
CodeArray = npt.NDArray[np.int8]
IndexArray = npt.NDArray[np.int32]

THRESHOLDS: Final[tuple[Level, ...]] = ("A", "B", "C")
"""Levels from which a frame counts as showing the AU in 2AFC (Niinuma et al. 2022, Fig. 7)."""
DECIMALS: Final = 2
"""Readings are compared as `models.facs.printed` hands them out."""
MEASURES: Final = ("icc", "mae", "f1", "two_afc_a", "two_afc_b", "two_afc_c")
"""The figures of an AU, by the names they have in reports."""

_BINS: Final = 5 * 10**DECIMALS + 1


@dataclass(frozen=True, eq=False)
class Tally:
    """Sums by person over the frames of one AU, for P people.

    Attributes:
        agreement: float64 (P, 5): frames; sums of t + r, (t + r)^2, t - r, (t - r)^2 of true and
            read intensities.
        errors: float64 (P,), sums of |t - r|.
        presence: float64 (P, 3): frames where the AU is both coded and read as present, read
            alone, coded alone.
        wins: by level, float64 (P, P): pairs of a frame of the row's person at that level or above
            and one of the column's person below it, where the former reads higher; ties half.
        above, below: by level, float64 (P,), frames of each kind.
    """

    agreement: DoubleArray
    errors: DoubleArray
    presence: DoubleArray
    wins: Mapping[str, DoubleArray]
    above: Mapping[str, DoubleArray]
    below: Mapping[str, DoubleArray]

    def measures(self, weights: DoubleArray) -> dict[str, DoubleArray]:
        """The figures of B samples of people.

        Args:
            weights: float64 (B, P), how often each person is in each sample.

        Returns:
            Of each of `MEASURES`, float64 (B,), NaN where undefined.
        """
        with np.errstate(invalid="ignore", divide="ignore"):
            sums = weights @ self.agreement
            frames = sums[:, 0]
            both, read_alone, coded_alone = (weights @ self.presence).T
            pairs = 2 * both + read_alone + coded_alone
            return {
                "icc": _icc(sums),
                "mae": np.where(frames > 0, weights @ self.errors / frames, np.nan),
                "f1": np.where(pairs > 0, 2 * both / pairs, np.nan),
                **{
                    f"two_afc_{level.lower()}": self._two_afc(level, weights)
                    for level in THRESHOLDS
                },
            }

    def _two_afc(self, level: str, weights: DoubleArray) -> DoubleArray:
        possible = (weights @ self.above[level]) * (weights @ self.below[level])
        won = ((weights @ self.wins[level]) * weights).sum(axis=1)
        return np.where(possible > 0, won / possible, np.nan)


def tally(
    true: FloatArray,
    coded: CodeArray,
    read: FloatArray,
    present: BoolArray,
    person: IndexArray,
    people: int,
) -> Tally:
    """Add up the frames of one AU.

    Args:
        true: float32 (N,), coded intensities 0..5, NaN where none is known.
        coded: int8 (N,), 1 present, 0 absent, -1 not coded; see `models.corpora.table`.
        read: float32 (N,), read intensities 0..5.
        present: bool (N,), whether the AU is read as present.
        person: int32 (N,), in 0..people - 1.
        people: P.
    """
    known = ~np.isnan(true)
    t, r = true[known].astype(np.float64), _rounded(read[known])
    who = person[known]
    total, apart = t + r, t - r
    agreement = np.stack(
        [
            _by(who, values, people)
            for values in (np.ones_like(t), total, total**2, apart, apart**2)
        ],
        axis=1,
    )
    said = coded >= 0
    truly = coded == 1
    outcomes = (truly & present, ~truly & present, truly & ~present)
    wins: dict[str, DoubleArray] = {}
    above: dict[str, DoubleArray] = {}
    below: dict[str, DoubleArray] = {}
    place = np.rint(r * 10**DECIMALS).astype(np.int64)
    for level in THRESHOLDS:
        shows = presence(t, level)
        high = _histogram(who[shows], place[shows], people)
        low = _histogram(who[~shows], place[~shows], people)
        wins[level] = high @ (np.cumsum(low, axis=1) - low / 2).T
        above[level], below[level] = high.sum(axis=1), low.sum(axis=1)
    return Tally(
        agreement=agreement,
        errors=_by(who, np.abs(apart), people),
        presence=np.stack(
            [_by(person[said], chosen[said].astype(np.float64), people) for chosen in outcomes],
            axis=1,
        ),
        wins=wins,
        above=above,
        below=below,
    )


def resamples(people: Sequence[int], total: int, count: int, seed: int) -> DoubleArray:
    """float64 (1 + count, total): every one of `people` once, then `count` draws of as many.

    The same seed draws the same people, so that two models are compared on the same samples.
    """
    chosen = np.asarray(people, np.int64)
    weights = np.zeros((1 + count, total))
    weights[0, chosen] = 1
    if len(chosen):
        drawn = np.random.default_rng(seed).multinomial(
            len(chosen), np.full(len(chosen), 1 / len(chosen)), size=count
        )
        weights[1:, chosen] = drawn
    return weights


def _icc(sums: DoubleArray) -> DoubleArray:
    """ICC(3,1) of two raters from sums; the same as `models.metrics.icc31`.

    With m = (t + r) / 2 and d = t - r: MSB = 2 sum (m - mean m)^2 / (n - 1) and
    MSE = sum (d - mean d)^2 / 2 (n - 1).
    """
    frames, total, squares, apart, apart_squares = sums.T
    between = np.maximum(squares - total**2 / frames, 0) / 2
    error = np.maximum(apart_squares - apart**2 / frames, 0) / 2
    scale = np.maximum(squares, 1.0)
    defined = (frames >= 2) & (between + error > 1e-12 * scale)
    return np.where(defined, (between - error) / (between + error), np.nan)


def _two_afc(level: str) -> str:
    return f"two_afc_{level.lower()}"


def _by(person: IndexArray, values: DoubleArray, people: int) -> DoubleArray:
    return np.asarray(np.bincount(person, weights=values, minlength=people), np.float64)


def _histogram(person: IndexArray, place: npt.NDArray[np.int64], people: int) -> DoubleArray:
    cells = person.astype(np.int64) * _BINS + place
    return np.bincount(cells, minlength=people * _BINS).reshape(people, _BINS).astype(np.float64)


def _rounded(read: FloatArray) -> DoubleArray:
    return printed(np.clip(read, 0, 5))
