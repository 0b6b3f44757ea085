"""What can be wrong with generators."""

from __future__ import annotations

from service.errors.base import ProblemError
from service.errors.resources import NotFoundError


class UnknownGeneratorError(ProblemError):
    """No generator of this name is installed; `available` lists those that are."""

    code, title, status = "unknown-generator", "The generator is not known", 422


class GeneratorNotFoundError(NotFoundError):
    """None of your generators has this id, and none that ships has this name."""

    code, title = "generator-not-found", "No such generator"


class ShippedGeneratorError(ProblemError):
    """The generator ships with Facsimile: it stays, and is not to be downloaded."""

    code, title, status = "shipped-generator", "The generator ships with Facsimile", 409


class UndrawableTargetError(ProblemError):
    """The generator was not trained for an action unit of a target, or knows it only as a whole."""

    code, title, status = "undrawable-target", "The generator cannot draw a target", 422


class OutOfGpuMemoryError(ProblemError):
    """A step of the training does not fit into the GPU's memory: ask for smaller batches, images or
    fewer channels. Only seen as a job's error."""

    code, title, status = "out-of-gpu-memory", "The GPU's memory is too small", 500
