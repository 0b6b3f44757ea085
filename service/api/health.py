"""/healthz, /readyz and /metrics: for those who operate the service."""

from __future__ import annotations

from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import Response

from service.api import described
from service.api.deps import ServicesDep
from service.errors.operation import UnavailableError
from service.errors.requests import BodyTooLargeError
from service.metrics import exposition
from service.usecases import health
from service.version import VERSION
from service.wire import health as wire

router = APIRouter(tags=["operation"])


_OPEN: Final[dict[str, Any]] = {"security": []}
"""Asks for no key."""


@router.get(
    "/healthz",
    response_model=wire.Health,
    summary="Is the process alive?",
    openapi_extra=_OPEN,
    responses=described.responses(BodyTooLargeError),
)
def read_health() -> wire.Health:
    """Answers as long as the process does; checks nothing else."""
    return wire.Health(status="ok", version=VERSION)


@router.get(
    "/readyz",
    response_model=wire.Readiness,
    summary="Can it serve?",
    openapi_extra=_OPEN,
    responses=described.responses(UnavailableError, BodyTooLargeError),
)
def read_readiness(services: ServicesDep) -> wire.Readiness:
    """Queries the database and its schema, asks the broker, and writes to and reads the store."""
    return wire.Readiness(status="ready", checks=health.check(services))


@router.get(
    "/metrics",
    response_class=Response,
    summary="Figures for Prometheus",
    openapi_extra=_OPEN,
    responses={
        200: {
            "description": "Prometheus text format.",
            "content": {
                "text/plain": {
                    "schema": {"type": "string"},
                    "examples": {"depth": {"value": "facsimile_queue_depth 0.0\n"}},
                }
            },
        },
        **described.responses(BodyTooLargeError),
    },
)
def read_metrics(request: Request) -> Response:
    """Requests, queue depth, items done, and seconds of work per stage."""
    return Response(
        exposition(request.app.state.metrics),
        media_type="text/plain; version=0.0.4; charset=utf-8",
    )
