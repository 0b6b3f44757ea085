"""The Idempotency-Key header."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Header
from fastapi.responses import JSONResponse
from sqlalchemy.orm import Session
from starlette.responses import Response

from service.api.deps import Caller, ServicesDep
from service.services import Services
from service.usecases import idempotency
from service.usecases.idempotency import Reply

RETRY_AFTER = "1"


@dataclass(frozen=True)
class Once:
    """Makes one POST happen once, however often it is sent."""

    services: Services
    owner_id: uuid.UUID
    key: str | None

    def replay(self, fingerprint: str) -> Response | None:
        """The answer of an earlier sending; asked first, to spare the work on pixels."""
        with self.services.database.read() as session:
            reply = idempotency.replay(session, self.owner_id, self.key, fingerprint)
        return None if reply is None else response(reply)

    def do(self, session: Session, fingerprint: str, work: Callable[[], Reply]) -> Response:
        """Do `work` within `session` unless it has been done."""
        return response(self.reply(session, fingerprint, work))

    def reply(self, session: Session, fingerprint: str, work: Callable[[], Reply]) -> Reply:
        """The same, not yet as an answer."""
        return idempotency.once(session, self.owner_id, self.key, fingerprint, work)


def once_of(
    services: ServicesDep,
    owner_id: Caller,
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=255,
            pattern=r"^[\x21-\x7e]+$",
            description="A name for this request, unique among yours. Sending the request again "
            "with the same key gives the first answer again and does no new work.",
            examples=["7d9f0f2e-5a0c-4f43-9f3b-2f0c5f1f7c11"],
        ),
    ] = None,
) -> Once:
    """The dependency of every POST that makes something."""
    return Once(services, owner_id, idempotency_key)


OnceDep = Annotated[Once, Depends(once_of)]


def response(reply: Reply) -> Response:
    """The HTTP form of a reply."""
    headers = {} if reply.location is None else {"Location": reply.location}
    if reply.status == 202:
        headers["Retry-After"] = RETRY_AFTER
    return JSONResponse(reply.body, status_code=reply.status, headers=headers)
