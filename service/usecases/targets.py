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
    return [_parse(target, index) for index, target in enumerate(targets)]


def _parse(target: Mapping[str, Any], index: int) -> Target:
    try:
        return Target.parse(target)
    except TargetError as error:
        field = error.field.replace("~", "~0").replace("/", "~1")
        raise _PROBLEMS[type(error)](
            f"Target {index}: {error}", pointer=f"/targets/{index}/{field}"
        ) from error
