"""What every problem is.

A problem's `type` is the relative reference ``/problems/<code>``. It is stable, and the service
itself answers there with the explanation that is the problem's docstring. `detail` is a sentence
about this occurrence that a person can act on.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar


class ProblemError(Exception):
    """Anything the service answers with problem+json."""

    code: ClassVar[str]
    title: ClassVar[str]
    status: ClassVar[int]
    extra_headers: ClassVar[Mapping[str, str]] = MappingProxyType({})

    def __init__(self, detail: str, **members: Any) -> None:
        self.detail = sentence(detail)
        super().__init__(self.detail)
        self.headers = dict(self.extra_headers)
        self.members = members
        """More members of the problem, such as `filename`, `pointer` or `limit`."""


def sentence(text: str) -> str:
    """A message with one full stop at its end, however many it was given.

    Messages quote others, which end with a full stop or do not.
    """
    text = text.rstrip()
    return text if text.endswith(("!", "?", "…")) else f"{text.rstrip('. ')}."


def problem_type(code: str) -> str:
    """The URI reference that names a kind of problem for good."""
    return f"/problems/{code}"
