"""Whether two faces are one person's, as sure as the shape of a face can tell."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from models.estimators.same_person import PersonModel, person_model
from models.registration.face import RegisteredFace

CODE = "other-person"
TITLE = "The face looks like another person's"


def signature_of(face: RegisteredFace) -> list[float]:
    """What a model keeps of its subject's face: some 25 numbers."""
    return [round(float(value), 4) for value in person_model().signature(face.mesh[None])[0]]


def looks_like_another(
    face: RegisteredFace, person: npt.NDArray[np.float32], label: str
) -> dict[str, Any] | None:
    """The problem with a face that differs from a person's more than their own pictures do."""
    model = person_model()
    distance = float(np.linalg.norm(model.signature(face.mesh[None])[0] - person))
    if distance <= model.limit:
        return None
    return {"code": CODE, "detail": f"{label}: {_sentence(distance, model)}"}


def _sentence(distance: float, model: PersonModel) -> str:
    return (
        f"the shape of this face differs from the subject's by {distance:.1f}, where 97% of the "
        f"pictures of one person stay below {model.limit:.1f}. The check knows shape alone: it "
        "refuses some pictures of the subject, and takes one other person in five for them."
    )
