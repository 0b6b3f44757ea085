"""What orders ordinary portraits, AU by AU, and how far it is trusted.

Nobody knows the intensities of these faces. Two readers that learnt from different things order
them: blendshapes, from real people without intensities, and the network being trained as it was
before, from drawings with intensities. Where they know different things the sum of their ranks
is better than either.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from models.estimators.blendshapes import as_action_units
from models.facs import SUPPORTED_AUS
from models.metrics import ranks

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Vote:
    """How an AU's portraits are ordered.

    Attributes:
        blendshapes: share of the blendshapes' ranks; the rest is the earlier network's.
        trust: weight of the AU among the others.
    """

    blendshapes: float
    trust: float


VOTES: Final = {
    "AU01": Vote(0.5, 0.5),
    "AU02": Vote(0.75, 0.6),
    "AU04": Vote(0.4, 0.4),
    "AU06": Vote(1.0, 0.8),
    "AU07": Vote(0.75, 0.7),
    "AU10": Vote(0.5, 0.8),
    "AU12": Vote(0.5, 1.0),
    "AU15": Vote(0.7, 0.3),
    "AU17": Vote(0.5, 0.4),
    "AU23": Vote(0.7, 0.2),
    "AU25": Vote(0.5, 1.0),
    "AU26": Vote(0.5, 0.5),
    "AU43": Vote(0.5, 0.6),
}
"""AUs that are missing have no vote: blendshapes are blind for 05, 09, 14 and 20, and 24 they take
for a raised chin. Shares and trust follow how either reader, and their sum, agreed with an
independent detector on 406 other portraits."""


def ordered(coefficients: FloatArray, earlier: FloatArray) -> FloatArray:
    """float32 (N, 18) ranks 0..1 by the votes; NaN for AUs without one.

    Args:
        coefficients: (N, 52) blendshapes.
        earlier: (N, 18) intensities that the earlier network reads.
    """
    out = np.full((len(coefficients), len(SUPPORTED_AUS)), np.nan, np.float32)
    units = as_action_units(coefficients)
    for au, vote in VOTES.items():
        column = SUPPORTED_AUS.index(au)
        sum_of_ranks = vote.blendshapes * ranks(units[au]) + (1 - vote.blendshapes) * ranks(
            earlier[:, column]
        )
        out[:, column] = ranks(sum_of_ranks)
    return out


def trust() -> FloatArray:
    """float32 (18,), 0 for AUs without a vote."""
    return np.array([VOTES[au].trust if au in VOTES else 0.0 for au in SUPPORTED_AUS], np.float32)
