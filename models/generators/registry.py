"""Generators by the name that requests select them by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from models.checkpoints import Checkpoint
from models.generators.base import Generator
from models.generators.rig import RigGenerator


def _hybrid() -> Generator:
    # Whoever draws with the rig alone loads no onnxruntime.
    from models.generators.hybrid import HybridGenerator

    return HybridGenerator()


_MAKERS: Final[Mapping[str, Callable[[], Generator]]] = {"rig": RigGenerator, "hybrid": _hybrid}


class UnknownGeneratorError(ValueError):
    """No generator has this name."""


def available() -> tuple[str, ...]:
    """Names of the generators that can be asked for."""
    return tuple(_MAKERS)


def load_generator(name: str) -> Generator:
    """The generator `name`, its weights read and checked.

    Raises:
        UnknownGeneratorError: there is none of that name.
        models.assets.AssetError: its weights are missing or damaged.
    """
    if name not in _MAKERS:
        raise UnknownGeneratorError(
            f"There is no generator {name!r}; choose one of {', '.join(_MAKERS)}."
        )
    return _MAKERS[name]()


def generator_from_checkpoint(checkpoint: Checkpoint, name: str) -> Generator:
    """The generator that somebody trained, to be known by `name`. Needs torch.

    Raises:
        models.checkpoints.CheckpointMismatchError: the checkpoint is of something else, or its
            weights and configuration do not fit.
    """
    # Whoever draws with the rig alone loads no torch.
    from models.generators.learned import from_checkpoint

    return from_checkpoint(checkpoint, name)
