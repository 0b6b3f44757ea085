"""What every AU at E, and every look of the eyes, does to each vertex of the head."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

from models.characters.head import GAZES, Part
from models.facs import SUPPORTED_AUS
from scripts.fit_rig.au_basis import PUSHES, RECIPES, _kept, _pushed
from scripts.pack_characters.model import WholeHead

Array = npt.NDArray[np.float64]

_OTHERWISE: Final[Mapping[str, Mapping[str, float]]] = {
    "AU07": {"eyeSquint": 0.9, "eyeBlink": 0.25},
    "AU43": {"eyeBlink": 1.0},
}
"""AUs that the rig makes from the person's own lids, and a head from the model's."""
_SKIN_PUSHED: Final = (Part.FACE, Part.HEAD, Part.MOUTH)


def au_fields(whole: WholeHead) -> Array:
    """(18, V, 3), canonical units, by the rig's recipes (`scripts.fit_rig.au_basis`)."""
    pushed = np.isin(whole.part, _SKIN_PUSHED)
    fields = []
    for au in SUPPORTED_AUS:
        field = _mix(whole, _OTHERWISE.get(au, RECIPES[au]))
        for push in PUSHES.get(au, ()):
            field[pushed] += _pushed(whole.vertices[pushed], push)
        field[whole.skin] *= _kept(au, whole.vertices[whole.skin])[:, None]
        fields.append(field)
    return np.stack(fields)


def gaze_fields(whole: WholeHead) -> Array:
    """(4, V, 3): what lids do when the eyes look as far as `GAZES` names; eyeballs apart."""
    fields = []
    for name in GAZES:
        field = _mix(whole, {name: 1.0})
        field[np.isin(whole.part, (Part.LEFT_EYE, Part.RIGHT_EYE))] = 0
        fields.append(field)
    return np.stack(fields)


def _mix(whole: WholeHead, weights: Mapping[str, float]) -> Array:
    field = np.zeros_like(whole.vertices)
    for name, weight in weights.items():
        for side in (name, f"{name}_L", f"{name}_R"):
            if side in whole.shapes:
                field += weight * whole.shapes[side]
    return field
