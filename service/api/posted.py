"""Bodies as operations depend on them: read, checked, and with a fingerprint of what they say."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from fastapi import Request
from pydantic import BaseModel

from service.api import bodies
from service.api.deps import Caller

Asked = TypeVar("Asked", bound=BaseModel)


@dataclass(frozen=True)
class Posted(Generic[Asked]):
    """A body of JSON."""

    asked: Asked
    fingerprint: str


def posted_json(
    schema: type[Asked], check: Callable[[Any], None] | None = None
) -> Callable[..., Coroutine[Any, Any, Posted[Asked]]]:
    """The dependency of an operation whose body is the JSON of `schema`; `check` sees it first.

    Whoever calls is asked for their key before the body is read.
    """

    async def read(request: Request, _caller: Caller) -> Posted[Asked]:
        bodies.media_type(request, (bodies.JSON,))
        value, fingerprint = await bodies.read_json(request)
        if check is not None:
            check(value)
        return Posted(schema.model_validate(value), fingerprint)

    return read
