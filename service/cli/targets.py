"""Targets as they are written on a command line: ``AU12=D`` and ``smile:AU06=C,AU12=D``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from models.facs import Target, TargetError

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*\Z")


@dataclass(frozen=True)
class NamedTarget:
    """A target and the name its files get."""

    name: str
    target: Target


def parse_targets(assignments: Sequence[str], named: Sequence[str]) -> list[NamedTarget]:
    """The targets of one command: all `assignments` make one, each of `named` makes its own.

    Args:
        assignments: ``AU12=D`` each.
        named: ``name:AU06=C,AU12=D`` each; nothing behind the colon is a neutral face.

    Raises:
        TargetError: one cannot be read or drawn, two have the same name, or there are none.
    """
    targets = [_parse_named(text) for text in named]
    if assignments:
        together = _parse_assignments(assignments)
        targets.insert(0, NamedTarget(describe(together), together))
    if not targets:
        raise TargetError("Say what to draw, for instance --au AU12=D.", "au")
    names = [target.name for target in targets]
    for name in names:
        if names.count(name) > 1:
            raise TargetError(f"Two targets are called {name}; their files would collide.", name)
    return targets


def parse_shown(texts: Sequence[str], images: Sequence[Path]) -> list[Target | None]:
    """What each image is said to show already; None where nothing is said.

    Args:
        texts: ``AU12=C,AU06=B`` for every image, or ``me.jpg:AU12=C`` for one; nothing behind the
            colon says that it is neutral.
        images: of the command.

    Raises:
        TargetError: one cannot be read, or names an image that is not among `images`.
    """
    everywhere: Target | None = None
    of: dict[str, Target] = {}
    names = {name for image in images for name in (image.name, image.stem, str(image))}
    for text in texts:
        name, colon, rest = text.rpartition(":")
        target = _parse_assignments([part for part in rest.split(",") if part.strip()])
        if not colon:
            everywhere = target
        elif name in names:
            of[name] = target
        else:
            raise TargetError(f"{name} is none of the images of this command.", name)
    return [
        next((of[name] for name in (str(image), image.name, image.stem) if name in of), everywhere)
        for image in images
    ]


def describe(target: Target) -> str:
    """A name made of the target itself, fit for a file: ``AU06-3_AU12-4``, or ``neutral``."""
    shown = [f"{name}-{value:g}" for name, value in target.intensities if value]
    return "_".join(shown).replace(".", "p") or "neutral"


def _parse_named(text: str) -> NamedTarget:
    name, colon, rest = text.partition(":")
    if not colon or not _NAME.match(name):
        raise TargetError(
            f"{text!r} is not a named target; write a name of letters, digits, - and _, a colon, "
            "and the action units: smile:AU06=C,AU12=D.",
            name,
        )
    return NamedTarget(name, _parse_assignments([part for part in rest.split(",") if part.strip()]))


def _parse_assignments(assignments: Sequence[str]) -> Target:
    mapping: dict[str, object] = {}
    for text in assignments:
        au, equals, intensity = (part.strip() for part in text.partition("="))
        if not equals:
            raise TargetError(f"{text!r} has no intensity; write {au or 'AU12'}=D.", au)
        if au in mapping:
            raise TargetError(f"{au} is given twice.", au)
        mapping[au] = intensity
    return Target.parse(mapping)
