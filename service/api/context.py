"""Around every request: its id, its log line, its metrics, and the limit on its body."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from typing import Final

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.db.ids import new_id
from service.metrics import HttpMetrics

REQUEST_ID: Final = "request_id"
_ACCEPTED: Final = re.compile(r"[A-Za-z0-9._:-]{1,128}\Z")

log = structlog.get_logger(__name__)


def request_id_of(request: Request) -> str:
    """The id of this request: the caller's X-Request-Id, or one made for it."""
    state: Mapping[str, str] = request.scope.get("state", {})
    return state.get(REQUEST_ID, "")


class RequestContext:
    """Middleware that names, logs and counts requests."""

    def __init__(self, app: ASGIApp, metrics: HttpMetrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _ACCEPTED.match(given) else str(new_id())
        scope.setdefault("state", {})[REQUEST_ID] = request_id
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        status = 500
        start = time.perf_counter()

        async def send_named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = request_id
            await send(message)

        try:
            await self.app(scope, receive, send_named)
        finally:
            seconds = time.perf_counter() - start
            path = _template(scope)
            self.metrics.observe(scope["method"], path, status, seconds)
            log.info(
                "request",
                method=scope["method"],
                path=scope["path"],
                status=status,
                ms=round(seconds * 1000, 1),
            )


def _template(scope: Scope) -> str:
    """The route's path with its parameters unfilled, so that metrics have few labels."""
    route = scope.get("route")
    return str(getattr(route, "path", "other"))
