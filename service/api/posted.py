"""Bodies as operations depend on them: read, checked, and with a fingerprint of what they say."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar, cast

from fastapi import Request
from pydantic import BaseModel, TypeAdapter
from sqlalchemy.orm import Session
from starlette.responses import Response

from models.checkpoints import Checkpoint
from service.api import bodies, described
from service.api.deps import Caller, ServicesDep
from service.api.idempotency import Once
from service.db.tables import Generator, Job, Model
from service.errors.requests import InvalidRequestError
from service.usecases.idempotency import Reply
from service.wire.common import Line

Asked = TypeVar("Asked", bound=BaseModel)
Kept = TypeVar("Kept", Model, Generator)
_NAME: Final = TypeAdapter(Line)


@dataclass(frozen=True)
class Posted(Generic[Asked]):
    """A body of JSON."""

    asked: Asked
    fingerprint: str


@dataclass(frozen=True)
class PostedOrSent(Generic[Asked]):
    """A request to train, or a checkpoint that was sent; one of the two is there."""

    asked: Asked | None
    checkpoint: bytes
    name: str | None
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


def posted_or_sent(
    schema: type[Asked],
) -> Callable[..., Coroutine[Any, Any, PostedOrSent[Asked]]]:
    """The same where a checkpoint may be sent instead, as a zip in a form."""

    async def read(request: Request, services: ServicesDep, _caller: Caller) -> PostedOrSent[Asked]:
        if bodies.media_type(request, (bodies.JSON, bodies.FORM)) == bodies.JSON:
            value, fingerprint = await bodies.read_json(request)
            return PostedOrSent(schema.model_validate(value), b"", None, fingerprint)
        form, fingerprint = await bodies.read_form(request, services.settings)
        form.only(("name",))
        if len(form.files) != 1:
            raise InvalidRequestError(
                f"Send one zip archive in the field `file`; {len(form.files)} files were sent."
            )
        name = form.one("name")
        checked = None if name is None else _NAME.validate_python(name)
        return PostedOrSent(None, form.files[0].data, checked, fingerprint)

    return read


def make_or_keep(
    once: Once,
    session: Session,
    posted: PostedOrSent[Asked],
    *,
    make: Callable[[Asked], tuple[Kept, Job]],
    read: Callable[[bytes], Checkpoint],
    keep: Callable[[Checkpoint], Kept],
    show: Callable[[Kept, Job | None], BaseModel],
    path: str,
) -> Response:
    """The answer: 202 with the job that trains, or 201 once the checkpoint is kept."""
    if (answered := once.replay(posted.fingerprint)) is not None:
        return answered
    asked = posted.asked
    sent = read(posted.checkpoint) if asked is None else None

    def work() -> Reply:
        row, job = make(asked) if asked is not None else (keep(cast(Checkpoint, sent)), None)
        body = show(row, job).model_dump(mode="json")
        return Reply(201 if job is None else 202, body, f"{path}/{row.id}")

    return once.do(session, posted.fingerprint, work)


def body_or_sent(schema: type[BaseModel]) -> dict[str, Any]:
    """What the OpenAPI document says of such a body."""
    by_form = described.form_content(
        ("file",),
        {"file": described.BINARY, "name": _NAME.json_schema()},
        "checkpoint",
        "A checkpoint as a download gives it",
        {"file": "model.zip", "name": "mine"},
    )
    return described.body(described.json_content(schema), by_form)
