"""The limit on the length of a request's body.

FastAPI's own limit answers in plain text and closes a connection on which the client may still be
sending, so that many clients see a reset instead of the answer. This one answers with a problem,
after reading and dropping what a client that cannot stop still sends, up to a bound.
"""

from __future__ import annotations

from typing import Final

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.problems import problem_response
from service.errors import BodyTooLargeError

DRAINED: Final = 16
"""How many times the limit is read and dropped before the connection is closed regardless."""


class BodyLimit:
    """Middleware that answers 413 to a body of more than `limit` bytes."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self.app = app
        self.limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        if announced.isdigit() and int(announced) > self.limit:
            await self._drain(receive, 0)
            await self._refuse(scope, receive, send)
            return
        received = 0

        async def receive_limited() -> Message:
            nonlocal received
            message = await receive()
            if message["type"] == "http.request":
                received += len(message.get("body", b""))
                if received > self.limit:
                    if message.get("more_body", False):
                        await self._drain(receive, received)
                    raise self._problem()
            return message

        await self.app(scope, receive_limited, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = problem_response(Request(scope, receive), self._problem())
        await response(scope, receive, send)

    async def _drain(self, receive: Receive, received: int) -> None:
        while received <= self.limit * DRAINED:
            message = await receive()
            received += len(message.get("body", b""))
            if message["type"] != "http.request" or not message.get("more_body", False):
                return

    def _problem(self) -> BodyTooLargeError:
        return BodyTooLargeError(
            f"The body is longer than {self.limit:,} bytes; send smaller or fewer photos.",
            limit=self.limit,
        )
