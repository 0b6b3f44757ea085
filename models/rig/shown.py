"""Which expression a photographed face shows already, as far as its mesh tells.

A drawing asks for absolute intensities, so a smile in the photo has to be taken off first. Only
smiling and parted lips are read: people whose faces were photographed neutral and smiling say what
those look like; other expressions at rest are too much like other people's faces.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from models.facs import SIDES, SUPPORTED_AUS
from models.registration.canonical import canonical_face
from models.registration.face import FloatArray, RegisteredFace
from models.rig.cloth import drawable
from models.rig.model import RigModel, rig_model
from models.rig.subject import measure

READ_AUS: Final = ("AU12", "AU20", "AU25", "AU26")
_LEAST_SMILE: Final = 1.4
"""AU12 below which a face shows no smile; no neutral face of 108 read more than 1.3."""
_OPEN: Final = 0.5
_LEAST_PARTED: Final = 1.0
"""AU25 of lips that are seen to be parted, however little the mesh tells of it."""


def found_in(shown: FloatArray) -> dict[str, float]:
    """What `shown_expression` (18, 2) says, AU by AU, without those at 0."""
    strongest = zip(SUPPORTED_AUS, shown.max(axis=1).tolist(), strict=True)
    return {au: round(intensity, 2) for au, intensity in strongest if intensity}


def shown_expression(face: RegisteredFace, model: RigModel | None = None) -> FloatArray:
    """AU intensities (18, 2) 0..5 that `face` shows in its photo; all 0 for a neutral one."""
    model = model or rig_model()
    out = np.zeros((len(SUPPORTED_AUS), len(SIDES)), np.float32)
    features = np.asarray((face.mesh - canonical_face().mesh)[:, :2], np.float32).ravel()
    read = np.clip(features @ model.shown_slope + model.shown_offset, 0, 5)
    intensities = dict(zip(READ_AUS, read.tolist(), strict=True))
    if intensities["AU12"] < _LEAST_SMILE:
        intensities["AU12"] = intensities["AU20"] = 0.0
    if measure(model, face).open_mouth < _OPEN:
        intensities["AU25"] = intensities["AU26"] = 0.0
    else:
        intensities["AU25"] = max(intensities["AU25"], _LEAST_PARTED)
    for au, intensity in intensities.items():
        out[SUPPORTED_AUS.index(au)] = intensity
    return drawable(face, out)
