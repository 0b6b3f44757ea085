"""Reading the targets of a request, so that an error names the very value that is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from models import facs
from models.facs import Target, TargetError
from service.errors.base import ProblemError
from service.errors.targets import (
    ContradictorySidesError,
    IntensityOutOfRangeError,
    TooManyTargetsError,
    UnknownActionUnitError,
    UnknownSourceError,
)

_PROBLEMS: Final[Mapping[type[TargetError], type[ProblemError]]] = {
    facs.UnknownActionUnitError: UnknownActionUnitError,
    facs.IntensityError: IntensityOutOfRangeError,
    facs.ContradictorySidesError: ContradictorySidesError,
}


def parse_targets(targets: Sequence[Mapping[str, Any]], limit: int) -> list[Target]:
    """Check and normalise every target.

    Raises:
        TooManyTargetsError: there are more than `limit`.
        UnknownActionUnitError, IntensityOutOfRangeError, ContradictorySidesError: with `pointer`
            to the value that is wrong.
    """
    if len(targets) > limit:
        raise TooManyTargetsError(
            f"{len(targets):,} targets are too many; one request may name {limit:,}. "
            "Split them over several requests.",
            limit=limit,
        )
    return [
        parse_target(target, f"Target {index}", f"/targets/{index}")
        for index, target in enumerate(targets)
    ]


def parse_sources(
    sources: Mapping[str, Mapping[str, Any]], images: Sequence[str]
) -> list[Target | None]:
    """What each image of a request is said to show; None where nothing is said.

    Args:
        sources: by the id of an image, or the name of a file, what it shows.
        images: ids or names of the request's images, in its order.

    Raises:
        UnknownSourceError: a source names none of the images.
        UnknownActionUnitError, IntensityOutOfRangeError, ContradictorySidesError: with `pointer`
            to the value that is wrong.
    """
    shown = {}
    for name, source in sources.items():
        pointer = f"/sources/{_escaped(name)}"
        if name not in images:
            raise UnknownSourceError(
                f"{name} is none of the images of this request, so nothing can be said of it.",
                pointer=pointer,
            )
        shown[name] = parse_target(source, f"Source {name}", pointer)
    return [shown.get(image) for image in images]


def parse_target(target: Mapping[str, Any], label: str, pointer: str) -> Target:
    """Check and normalise one target, called `label` in messages and found at `pointer`.

    Raises:
        UnknownActionUnitError, IntensityOutOfRangeError, ContradictorySidesError: with `pointer`
            to the value that is wrong.
    """
    try:
        return Target.parse(target)
    except TargetError as error:
        raise _PROBLEMS[type(error)](
            f"{label}: {error}", pointer=f"{pointer}/{_escaped(error.field)}"
        ) from error


def _escaped(part: str) -> str:
    """A part of a JSON pointer."""
    return part.replace("~", "~0").replace("/", "~1")
