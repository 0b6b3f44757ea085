"""How well a network reads drawings whose intensities are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from models.estimators.compact import Compact
from models.estimators.estimates import median_intensities
from models.estimators.faces import LabelledFaces, to_tensor
from models.estimators.ordinal import class_probabilities
from models.metrics import icc31, mae, mean_defined, per_column

FloatArray = npt.NDArray[np.float32]
_BATCH = 64


@dataclass(frozen=True, eq=False)
class DrawnLogits:
    """Logits (N, 18, 5) of both heads on drawings, and (P, 18, 5) of neutral faces."""

    absolute: torch.Tensor
    comparing: torch.Tensor
    neutral: torch.Tensor


def read_drawn(network: Compact, faces: LabelledFaces) -> DrawnLogits:
    """Both heads on every drawing; references are the people's neutral faces."""
    with torch.inference_mode():
        neutrals = network.features(to_tensor(faces.neutrals))
        absolute, comparing = [], []
        for first in range(0, len(faces.images), _BATCH):
            rows = slice(first, first + _BATCH)
            features = network.features(to_tensor(faces.images[rows]))
            absolute.append(network.logits(features))
            comparing.append(
                network.logits(features, neutrals[torch.from_numpy(faces.person[rows])])
            )
        return DrawnLogits(torch.cat(absolute), torch.cat(comparing), network.logits(neutrals))


def as_answered(logits: torch.Tensor) -> FloatArray:
    """(..., 5) logits -> (...) intensities as the service answers with them: medians."""
    return median_intensities(class_probabilities(logits).numpy())


def agreement(labels: FloatArray, read: FloatArray) -> tuple[float, float]:
    """Mean ICC(3,1) and mean MAE over the AUs; both (N, 18) in 0..5."""
    return (
        mean_defined(per_column(icc31, labels, read)).value,
        mean_defined(per_column(mae, labels, read)).value,
    )
