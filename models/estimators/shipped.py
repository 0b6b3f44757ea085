"""Estimators that ship with Facsimile, by name."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from models.assets import WEIGHTS
from models.checkpoints import CARD, CONFIG, MODEL, Checkpoint, decode, encoded
from models.shipped import load_shipped, save_shipped

_NAMES: Final = ("compact",)


class UnknownEstimatorError(ValueError):
    """No estimator ships under this name."""


def shipped_estimators() -> tuple[str, ...]:
    """Names of the estimators that ship."""
    return _NAMES


def shipped_checkpoint(name: str, folder: Path = WEIGHTS) -> Checkpoint:
    """The checkpoint of a shipped estimator, each file checked against its SHA-256.

    Raises:
        UnknownEstimatorError: there is none of this name.
        models.assets.AssetError: a file is missing or damaged.
    """
    if name not in _NAMES:
        raise UnknownEstimatorError(
            f"There is no estimator {name!r}; these ship: {', '.join(_NAMES)}."
        )
    return decode({file: load_shipped(f"{name}/{file}", folder) for file in (MODEL, CONFIG, CARD)})


def ship_checkpoint(name: str, checkpoint: Checkpoint, folder: Path = WEIGHTS) -> None:
    """Write a checkpoint among the shipped weights, with its hashes."""
    (folder / name).mkdir(exist_ok=True)
    for file, content in encoded(checkpoint).items():
        save_shipped(f"{name}/{file}", content, folder)
