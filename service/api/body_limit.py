"""The limit on the length of a request's body.

FastAPI's own limit answers in plain text. And any server that answers while the client is still
sending, and then closes, makes many clients see a reset instead of the answer. So here the answer
is a problem, and before any answer starts, what is left of the body is read and dropped.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.problems import problem_response
from service.errors.requests import BodyTooLargeError

DRAINED: Final = 16
"""How many times the limit is read and dropped before the connection is closed regardless."""


class BodyLimit:
    """Middleware that answers 413 to a body of more than `limit` bytes."""

    def __init__(
        self, app: ASGIApp, limit: int, larger: Mapping[str, int] = MappingProxyType({})
    ) -> None:
        """With a larger limit for some paths; POST to them is meant to take long."""
        self.app = app
        self.limit = limit
        self.larger = larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        limit = self.larger.get(scope["path"], self.limit)
        body = _Body(Headers(scope=scope), receive, limit, self.limit * DRAINED)

        async def send_after_body(message: Message) -> None:
            if message["type"] == "http.response.start":
                await body.drain()
            await send(message)

        if body.announced > limit:
            response = problem_response(Request(scope, receive), body.too_large())
            await response(scope, receive, send_after_body)
        else:
            await self.app(scope, body.receive, send_after_body)


class _Body:
    """The body of one request as it comes in."""

    def __init__(self, headers: Headers, receive: Receive, limit: int, drained: int) -> None:
        length = headers.get("content-length", "0")
        self.announced = int(length) if length.isdecimal() else 0
        self._receive = receive
        self._limit = limit
        self._drained = drained
        self._received = 0
        self._finished = self.announced == 0 and "transfer-encoding" not in headers
        # Such a client sends nothing until it is asked to, and is better not asked.
        self._waiting = headers.get("expect", "").lower() == "100-continue"

    async def receive(self) -> Message:
        """The next message; raises `BodyTooLargeError` when it is one too many."""
        message = await self._next()
        if self._received > self._limit:
            raise self.too_large()
        return message

    async def drain(self) -> None:
        """Read and drop what is left, within reason."""
        while not self._finished and not self._waiting:
            if self._received > self._drained:
                return
            await self._next()

    async def _next(self) -> Message:
        message = await self._receive()
        self._waiting = False
        self._received += len(message.get("body", b""))
        self._finished = message["type"] != "http.request" or not message.get("more_body", False)
        return message

    def too_large(self) -> BodyTooLargeError:
        """The problem to answer with."""
        return BodyTooLargeError(
            f"The body is longer than {self._limit:,} bytes; send less at a time.",
            limit=self._limit,
        )
