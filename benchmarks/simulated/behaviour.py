"""What people's faces do: intensities over time with known base rates.

Behind every AU runs a smooth Gaussian signal, partly its own, partly shared with the AUs it keeps
company with, partly the person's. Thresholds on it are set so that each level is as frequent as
asked for: sparse, imbalanced, co-occurring AUs with onsets, apexes and offsets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

import numpy as np
import numpy.typing as npt

from models.facs import SUPPORTED_AUS

FloatArray = npt.NDArray[np.float32]
Signals = npt.NDArray[np.float64]

_TRACE: Final = 0.6
"""How far below the threshold of A, in standard deviations, a movement begins that nobody codes."""


@dataclass(frozen=True)
class Behaviour:
    """How often what is shown, and with what.

    Attributes:
        rates: share of frames in which each AU is at A or more; AUs not named are never shown.
        climb: of the frames at A or more the share at B or more; of those, at C; at D; at E.
        company: signals that AUs share; of each AU the squares of its weights sum to less than 1.
        person: share of each signal's variance that lies between people.
        pace: standard deviation in frames of the smoothing over time.
    """

    rates: Mapping[str, float]
    climb: tuple[float, float, float, float]
    company: tuple[Mapping[str, float], ...]
    person: float = 0.2
    pace: float = 1.25


def shown_over_time(behaviour: Behaviour, frames: int, rng: np.random.Generator) -> FloatArray:
    """What one person shows: float32 (frames, 18) in 0..5, smooth over time.

    A coder who rounds them as `facs.level_indices` does finds the levels at the rates asked for,
    over many people.
    """
    signals = _signals(behaviour, frames, rng)
    out = np.zeros((frames, len(SUPPORTED_AUS)), np.float32)
    for au, rate in behaviour.rates.items():
        column = SUPPORTED_AUS.index(au)
        thresholds = _thresholds(rate, behaviour.climb)
        knots = [thresholds[0] - _TRACE, *thresholds, 2 * thresholds[-1] - thresholds[-2]]
        # level k begins at k - 0.5: that is where rounding changes
        out[:, column] = np.interp(signals[:, column], knots, [0, 0.5, 1.5, 2.5, 3.5, 4.5, 5])
    lips, jaw = (SUPPORTED_AUS.index(au) for au in ("AU25", "AU26"))
    out[:, lips] = np.maximum(out[:, lips], out[:, jaw])  # a jaw that drops parts the lips
    return out


def _thresholds(rate: float, climb: tuple[float, ...]) -> list[float]:
    """Five values that a standard normal signal exceeds as often as levels A to E are reached."""
    shares = rate * np.cumprod([1.0, *climb])
    return [NormalDist().inv_cdf(1 - float(share)) for share in shares]


def _signals(behaviour: Behaviour, frames: int, rng: np.random.Generator) -> Signals:
    """(frames, 18), each standard normal over people and time."""
    shared = np.zeros((len(SUPPORTED_AUS), len(behaviour.company)))
    for place, weights in enumerate(behaviour.company):
        for au, weight in weights.items():
            shared[SUPPORTED_AUS.index(au), place] = weight
    alone = np.sqrt(1 - (shared**2).sum(axis=1))
    together = _smooth(behaviour, frames, len(behaviour.company), rng) @ shared.T
    own = alone * _smooth(behaviour, frames, len(SUPPORTED_AUS), rng)
    return np.asarray(together + own, np.float64)


def _smooth(behaviour: Behaviour, frames: int, count: int, rng: np.random.Generator) -> Signals:
    """(frames, count) of unit variance: a part that stays the person's, and one that passes."""
    reach = int(np.ceil(4 * behaviour.pace))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / behaviour.pace) ** 2)
    kernel /= np.sqrt((kernel**2).sum())
    noise = rng.standard_normal((frames + 2 * reach, count))
    passing = np.empty((frames, count))
    for column in range(count):
        passing[:, column] = np.convolve(noise[:, column], kernel, "valid")
    lasting = rng.standard_normal(count)
    share = behaviour.person
    return np.asarray(np.sqrt(share) * lasting + np.sqrt(1 - share) * passing, np.float64)
