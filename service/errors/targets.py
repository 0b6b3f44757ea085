"""What can be wrong with targets."""

from __future__ import annotations

from typing import Final

from service.errors.base import ProblemError


class UnknownActionUnitError(ProblemError):
    """A target names something that is not a supported action unit."""

    code, title, status = "unknown-action-unit", "The action unit is not known", 422


class IntensityOutOfRangeError(ProblemError):
    """An intensity is neither a letter A to E nor a number from 0 to 5."""

    code, title, status = "intensity-out-of-range", "The intensity is out of range", 422


class ContradictorySidesError(ProblemError):
    """A target sets an action unit as a whole and one of its sides as well."""

    code, title, status = "contradictory-sides", "The sides contradict each other", 422


class TooManyTargetsError(ProblemError):
    """One request may name only so many targets."""

    code, title, status = "too-many-targets", "Too many targets in one request", 422


class UnknownSourceError(ProblemError):
    """`sources` names an image that the request does not."""

    code, title, status = "unknown-source", "The source is not in the request", 422


TARGET_PROBLEMS: Final = (
    UnknownActionUnitError,
    IntensityOutOfRangeError,
    ContradictorySidesError,
    TooManyTargetsError,
    UnknownSourceError,
)
