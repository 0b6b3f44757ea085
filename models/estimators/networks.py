"""Networks by the name of their architecture, and the images each is given."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from models.checkpoints import CheckpointMismatchError
from models.estimators.compact import Compact, CompactConfig
from models.estimators.config import Architecture, EstimatorConfig
from models.estimators.crop import crop_faces
from models.estimators.faces import to_tensor
from models.estimators.vgg16 import Vgg16, Vgg16Config
from models.normalisation.au0 import difference

ImageArray = npt.NDArray[np.uint8]
Network = Compact | Vgg16


def build_network(config: EstimatorConfig) -> Network:
    """The network of a configuration, with weights at random.

    Raises:
        CheckpointMismatchError: the configuration is not that of such a network.
    """
    shape = _checked_shape(config)
    if shape.get("au_count") != len(config.aus):
        raise CheckpointMismatchError(
            f"config.json: {len(config.aus)} AUs, but a network for {shape.get('au_count')}."
        )
    if config.architecture == "compact":
        sequences = {name: tuple(shape[name]) for name in ("widths", "blocks") if name in shape}
        return Compact(CompactConfig(**{**shape, **sequences}))
    return Vgg16(Vgg16Config(**shape))


def network_inputs(architecture: Architecture, images: ImageArray) -> ImageArray:
    """What the network sees of registered faces uint8 (N, 224, 224, 3): its crop, or all."""
    return crop_faces(images) if architecture == "compact" else images


def prepared(
    config: EstimatorConfig, images: ImageArray, reference: ImageArray | None
) -> torch.Tensor:
    """Registered faces as the network's input, normalised as `config` says.

    Args:
        config: of the estimator.
        images: uint8 (N, 224, 224, 3).
        reference: uint8 (224, 224, 3) or (N, 224, 224, 3), the neutral face or mean texture;
            needed where `config.normalisation` is not "none".

    Returns:
        float32 (N, 3, H, W) in [-1, 1].

    Raises:
        ValueError: the normalisation needs a reference and there is none.
    """
    seen = network_inputs(config.architecture, images)
    if config.normalisation == "none":
        return to_tensor(seen)
    if reference is None:
        raise ValueError(f"this estimator needs a reference face ({config.normalisation})")
    whole = np.broadcast_to(reference, images.shape)
    change = difference(seen, network_inputs(config.architecture, np.ascontiguousarray(whole)))
    return torch.from_numpy(change).permute(0, 3, 1, 2)


def _checked_shape(config: EstimatorConfig) -> Mapping[str, Any]:
    kind = CompactConfig if config.architecture == "compact" else Vgg16Config
    known = {entry.name for entry in dataclasses.fields(kind)}
    unknown = set(config.network) - known
    if unknown:
        raise CheckpointMismatchError(f"config.json: network: unknown {sorted(unknown)}.")
    for name, value in config.network.items():
        values = value if isinstance(value, list | tuple) else [value]
        if not all(isinstance(one, int | float) and 0 <= one <= 25_088 for one in values):
            raise CheckpointMismatchError(f"config.json: network: {name} is {value!r}.")
    return config.network
