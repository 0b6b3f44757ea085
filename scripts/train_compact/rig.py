"""The rig as it is without the people who are held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from models.facs import SUPPORTED_AUS
from models.registration.canonical import canonical_face
from models.registration.face import FloatArray, RegisteredFace
from models.rig.appearance import map_grid
from models.rig.model import LEVELS, RigModel, rig_model
from models.rig.subdivision import subdivide
from scripts.fit_rig.smiles import skin_window, smile_map

Pair = tuple[RegisteredFace, RegisteredFace]
_SMILE_TO_E = 1.4
"""What `scripts.fit_rig` multiplies a measured smile by."""


def training_rig(everybody: Sequence[Pair], learnt_from: Sequence[Pair]) -> RigModel:
    """The shipped rig with its smile measured on fewer people.

    The smile of the rig that ships is a median over everybody photographed. Were the people who
    are measured on among them, an estimator learnt from it would have seen a little of their
    smiles.

    Args:
        everybody: the neutral and smiling faces that the shipped rig was fitted to.
        learnt_from: those of them that may be known.
    """
    rig = rig_model()
    appearance = rig.appearance.copy()
    appearance[SUPPORTED_AUS.index("AU12")] += _SMILE_TO_E * (
        _smile(learnt_from) - _smile(everybody)
    )
    return replace(rig, appearance=np.clip(appearance, -1, 1))


def _smile(pairs: Sequence[Pair]) -> FloatArray:
    face = canonical_face()
    dense = subdivide(np.array(face.all_triangles), len(face.mesh), LEVELS)
    skin = len(face.triangles) * 4**LEVELS
    smile = smile_map(pairs, dense, dense.refine(face.mesh), skin)
    return np.asarray(smile * skin_window(*map_grid()), np.float32)
