"""Every kind of problem there is, to be listed and to be found by its code."""

from __future__ import annotations

from functools import cache
from types import ModuleType
from typing import Final

from service.errors import (
    characters,
    checkpoints,
    corpora,
    datasets,
    estimates,
    evaluations,
    expressions,
    generators,
    images,
    jobs,
    models,
    operation,
    requests,
    resources,
    subjects,
    targets,
)
from service.errors.base import ProblemError

_MODULES: Final[tuple[ModuleType, ...]] = (
    requests,
    resources,
    images,
    targets,
    expressions,
    generators,
    characters,
    corpora,
    datasets,
    subjects,
    models,
    checkpoints,
    estimates,
    evaluations,
    jobs,
    operation,
)


@cache
def all_problems() -> tuple[type[ProblemError], ...]:
    """Every kind of problem, noun by noun."""
    return tuple(
        found
        for module in _MODULES
        for found in vars(module).values()
        if isinstance(found, type)
        and issubclass(found, ProblemError)
        and found.__module__ == module.__name__
    )


def problem_of(code: str) -> type[ProblemError] | None:
    """The kind of problem of this code, if there is one."""
    return next((problem for problem in all_problems() if problem.code == code), None)
