"""What can be wrong with generators."""

from __future__ import annotations

from service.errors.base import ProblemError


class UnknownGeneratorError(ProblemError):
    """No generator of this name is installed; `available` lists those that are."""

    code, title, status = "unknown-generator", "The generator is not known", 422


class UndrawableTargetError(ProblemError):
    """The generator was not trained for an action unit of a target, or knows it only as a whole."""

    code, title, status = "undrawable-target", "The generator cannot draw a target", 422
