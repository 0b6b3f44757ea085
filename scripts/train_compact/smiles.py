"""Real smiles and real neutral faces to learn from, with what is sure about them and no more."""

from __future__ import annotations

from typing import Final

import numpy as np

from models.corpora.table import Split
from models.estimators.crop import crop_faces
from models.estimators.faces import LabelledFaces
from models.facs import SUPPORTED_AUS
from scripts.train_compact.photographs import Photographs

_BOUNDS: Final = {"AU12": (2.0, 5.0), "AU06": (1.0, 5.0)}
"""Nobody coded these photographs. Asked to smile, people pull the lip corners at B or more, and
that lifts the cheeks at least to a trace."""
_UNKNOWN: Final = ("AU07", "AU10", "AU14", "AU25", "AU26")
"""Smiles may carry these or not. All others are absent from a posed smile."""


def smiling_faces(photographs: Photographs, split: Split) -> LabelledFaces:
    """The smiling photographs of a split, with bounds for their intensities."""
    people, smiles = photographs.pairs(split)
    lower = np.zeros((len(people), len(SUPPORTED_AUS)), np.float32)
    upper = np.zeros_like(lower)
    for au in _UNKNOWN:
        lower[:, SUPPORTED_AUS.index(au)] = upper[:, SUPPORTED_AUS.index(au)] = np.nan
    for au, (low, high) in _BOUNDS.items():
        lower[:, SUPPORTED_AUS.index(au)] = low
        upper[:, SUPPORTED_AUS.index(au)] = high
    return LabelledFaces(
        images=crop_faces(photographs.smiling[smiles]),
        labels=lower,
        person=people,
        neutrals=crop_faces(photographs.neutral),
        upper=upper,
    )


def resting_faces(photographs: Photographs, split: Split) -> LabelledFaces:
    """The neutral photographs of a split as faces on which every AU is 0.

    Beside themselves as references: seen by two cameras, one face has not moved.
    """
    people = np.flatnonzero(np.array(photographs.splits) == split)
    neutrals = crop_faces(photographs.neutral)
    return LabelledFaces(
        images=neutrals[people],
        labels=np.zeros((len(people), len(SUPPORTED_AUS)), np.float32),
        person=people,
        neutrals=neutrals,
    )
