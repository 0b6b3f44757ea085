"""The rig as it is without the people who are held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from models.facs import SUPPORTED_AUS
from models.registration.face import RegisteredFace
from models.rig.model import RigModel, rig_model
from scripts.fit_rig.smiles import smile_at_e

Pair = tuple[RegisteredFace, RegisteredFace]


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
    appearance[SUPPORTED_AUS.index("AU12")] += smile_at_e(learnt_from) - smile_at_e(everybody)
    return replace(rig, appearance=np.clip(appearance, -1, 1))
