"""Generators by the name that requests select them by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from models.generators.base import Generator
from models.generators.rig import RigGenerator

DEFAULT: Final = "rig"
_MAKERS: Final[Mapping[str, Callable[[], Generator]]] = {"rig": RigGenerator}


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
