"""The weights that a learned generator has, so that a checkpoint can be held to them. No torch."""

from __future__ import annotations

import numpy as np

from models.checkpoints import Checkpoint, CheckpointMismatchError
from models.generators.config import GeneratorConfig

Shape = tuple[int, ...]


def shapes(config: GeneratorConfig) -> dict[str, Shape]:
    """Shapes by name, as `models.generators.networks.ResnetGenerator` has them."""
    width, middle = config.channels, 4 * config.channels
    out: dict[str, Shape] = {"stem.weight": (width, 3 + len(config.aus), 7, 7)}
    if config.stem_norm:
        out |= _norm("stem_norm", width)
    else:
        out["stem.bias"] = (width,)
    for place, before in enumerate((width, 2 * width)):
        out[f"down.{place}.convolution.weight"] = (2 * before, before, 4, 4)
        out |= _norm(f"down.{place}.norm", 2 * before)
    for place in range(config.blocks):
        for name in ("first", "second"):
            out[f"blocks.{place}.{name}.weight"] = (middle, middle, 3, 3)
            out |= _norm(f"blocks.{place}.{name}_norm", middle)
    for place, before in enumerate((middle, middle // 2)):
        # Transposed convolutions name what comes in first.
        out[f"up.{place}.convolution.weight"] = (before, before // 2, 4, 4)
        out |= _norm(f"up.{place}.norm", before // 2)
    out["colour.weight"] = (3, width, 7, 7)
    if config.kind == "ganimation":
        out["attention.weight"] = (1, width, 7, 7)
    return out


def check_tensors(checkpoint: Checkpoint) -> GeneratorConfig:
    """Hold a checkpoint's weights to its configuration, which is returned.

    Raises:
        CheckpointMismatchError: a weight is missing, of another shape, not a number or too much.
    """
    config = GeneratorConfig.parse(checkpoint.config)
    wanted = shapes(config)
    found = {name: tensor.shape for name, tensor in checkpoint.tensors.items()}
    for name in sorted(wanted.keys() | found.keys()):
        if wanted.get(name) != found.get(name):
            raise CheckpointMismatchError(
                f"{name} has the shape {found.get(name)}, but {wanted.get(name)} is what a "
                f"{config.kind} of this configuration has."
            )
        tensor = checkpoint.tensors[name]
        if tensor.dtype.kind != "f" or not np.isfinite(tensor).all():
            raise CheckpointMismatchError(f"{name} is not all finite numbers.")
    return config


def _norm(name: str, channels: int) -> dict[str, Shape]:
    return {f"{name}.weight": (channels,), f"{name}.bias": (channels,)}
