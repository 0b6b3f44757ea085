"""Reads frames of a database: what stands beside each, and what the network makes of it."""

from __future__ import annotations

import numpy as np
import torch

from benchmarks.simulated.database import Database
from models.estimators.compact import Compact
from models.estimators.config import Normalisation
from models.estimators.faces import FloatArray, ImageArray, to_tensor
from models.estimators.ordinal import expected_intensity
from models.normalisation.au0 import difference
from models.normalisation.mean_texture import mean_texture
from models.registration.face import RegistrationKind

_BATCH = 64


def references(
    database: Database, kind: RegistrationKind, normalisation: Normalisation
) -> ImageArray:
    """uint8 (P, 128, 96, 3): what each person's faces are compared with.

    Their mean texture over all their frames for that normalisation, else their neutral frame.
    Nobody has to know a label for either but the neutral frame's.
    """
    if normalisation != "mean-texture":
        return database.neutrals(kind)
    return np.stack([mean_texture(recording.crops(kind)) for recording in database.recordings])


def compact(network: torch.nn.Module) -> Compact:
    """The network, known to be that one.

    Raises:
        TypeError: it is another.
    """
    if not isinstance(network, Compact):
        raise TypeError(f"expected a Compact network, got {type(network).__name__}")
    return network


def read(
    network: Compact, images: ImageArray, beside: ImageArray, normalisation: Normalisation
) -> FloatArray:
    """float32 (N, A) intensities by the absolute head.

    Args:
        images: uint8 (N, 128, 96, 3).
        beside: the same shape; looked at only where the normalisation asks for it.
    """
    parts = []
    with torch.inference_mode():
        for first in range(0, len(images), _BATCH):
            rows = slice(first, first + _BATCH)
            if normalisation == "none":
                tensor = to_tensor(images[rows])
            else:
                change = difference(images[rows], beside[rows])
                tensor = torch.from_numpy(change).permute(0, 3, 1, 2)
            parts.append(expected_intensity(network(tensor)).numpy())
    return np.concatenate(parts)


def read_by_features(
    network: Compact, images: ImageArray, reference: torch.Tensor | None
) -> FloatArray:
    """float32 (N, A) intensities, compared with features (1, F) of a neutral face if given."""
    parts = []
    with torch.inference_mode():
        for first in range(0, len(images), _BATCH):
            features = network.features(to_tensor(images[first : first + _BATCH]))
            parts.append(expected_intensity(network.logits(features, reference)).numpy())
    return np.concatenate(parts)
