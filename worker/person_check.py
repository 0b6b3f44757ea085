"""Whether two faces are one person's, by their descriptors."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from models.identity.recogniser import recogniser
from models.identity.same_person import LIMIT, distance
from models.registration.face import RegisteredFace

CODE = "other-person"
TITLE = "The face looks like another person's"


def signature_of(face: RegisteredFace) -> list[float]:
    """What a model keeps of its subject's face: 128 numbers."""
    return [round(float(value), 4) for value in recogniser().describe([face])[0]]


def looks_like_another(
    face: RegisteredFace, person: npt.NDArray[np.float32], label: str
) -> dict[str, Any] | None:
    """The problem with a face that differs from a person's more than their own pictures do."""
    apart = distance(recogniser().describe([face])[0], person)
    if apart <= LIMIT:
        return None
    return {"code": CODE, "detail": f"{label}: {_sentence(apart)}"}


def _sentence(apart: float) -> str:
    return (
        f"this face is {apart:.2f} from the subject's, where pictures of one person are at most "
        f"{LIMIT:.2f} apart and those of two people are about 0.8."
    )
