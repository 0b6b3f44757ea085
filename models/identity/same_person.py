"""Do two pictures show one person? A neutral reference of somebody else does harm, so it is
refused."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from models.identity.recogniser import recogniser
from models.registration.face import RegisteredFace

FloatArray = npt.NDArray[np.float32]

LIMIT: Final = 0.56
"""Distance of descriptors past which two faces are taken for two people's. Chosen and measured, on
different people, by ``scripts/measure_identity.py``; docs/registration.md has the figures."""


class OtherPersonError(ValueError):
    """The reference and the face look like two people; `distance` is past `limit`."""

    code = "other-person"

    def __init__(self, distance: float, limit: float = LIMIT) -> None:
        super().__init__(
            "The reference face does not look like the person in the other picture: their "
            f"descriptors are {distance:.2f} apart, and those of one person at most {limit:.2f}."
        )
        self.distance, self.limit = distance, limit


def distance(one: FloatArray, other: FloatArray) -> float:
    """How far two descriptors (128,) are apart, 0 and more; strangers' are near .8."""
    return float(np.linalg.norm(one - other))


def check_same_person(one: RegisteredFace, other: RegisteredFace) -> float:
    """The distance of two pictures of one person.

    Raises:
        OtherPersonError: they look like two people.
    """
    first, second = recogniser().describe([one, other])
    apart = distance(first, second)
    if apart > LIMIT:
        raise OtherPersonError(apart)
    return apart
