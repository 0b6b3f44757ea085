"""The one place where errors become problem+json."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Match

from service.api.context import request_id_of
from service.api.described import PROBLEM_MEDIA_TYPE
from service.artifacts import ArtifactError, StoreFullError, StoreUnavailableError
from service.db.outage import reason
from service.errors.base import ProblemError, problem_type
from service.errors.operation import (
    DamagedArtifactError,
    InternalProblemError,
    StorageFullError,
    UnavailableError,
)
from service.errors.requests import (
    InvalidRequestError,
    MalformedRequestError,
    MethodNotAllowedError,
    NoSuchPathError,
)

MAX_DETAIL: Final = 600
"""A message may quote what was sent; what was sent may be megabytes."""
METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")

log = structlog.get_logger(__name__)


def problem_response(
    request: Request, problem: ProblemError, headers: Mapping[str, str] | None = None
) -> Response:
    """The answer that tells of `problem`."""
    detail = problem.detail
    if len(detail) > MAX_DETAIL:
        detail = detail[: MAX_DETAIL - 1] + "…"
    request_id = request_id_of(request)
    body = {
        "type": problem_type(problem.code),
        "title": problem.title,
        "status": problem.status,
        "detail": detail,
        "instance": request.url.path,
        "request_id": request_id,
        **problem.members,
    }
    # ASCII, so that even a lone surrogate that was sent can be quoted.
    return Response(
        json.dumps(body, ensure_ascii=True, allow_nan=False),
        status_code=problem.status,
        media_type=PROBLEM_MEDIA_TYPE,
        headers={**problem.headers, **(headers or {}), "X-Request-Id": request_id},
    )


def invalid_request(details: Sequence[Mapping[str, Any]]) -> InvalidRequestError:
    """The problem behind Pydantic's list of errors; never repeats what was sent."""
    found = [
        {"pointer": _pointer(detail["loc"]), "message": str(detail["msg"])[:MAX_DETAIL]}
        for detail in details[:20]
    ]
    first = found[0]
    where = first["pointer"] or "the body"
    more = f" (and {len(details) - 1} more)" if len(details) > 1 else ""
    return InvalidRequestError(f"{where}: {first['message'].rstrip('.')}{more}", errors=found)


def handle_problems(app: FastAPI) -> None:
    """Have `app` answer every error with a problem."""

    @app.exception_handler(ProblemError)
    def _problem(request: Request, error: ProblemError) -> Response:
        return problem_response(request, error)

    @app.exception_handler(RequestValidationError)
    def _invalid(request: Request, error: RequestValidationError) -> Response:
        return problem_response(request, invalid_request(error.errors()))

    @app.exception_handler(ValidationError)
    def _invalid_body(request: Request, error: ValidationError) -> Response:
        return problem_response(request, invalid_request(error.errors()))

    @app.exception_handler(HTTPException)
    def _http(request: Request, error: HTTPException) -> Response:
        if error.status_code == 405:
            return _method_not_allowed(app, request)
        return problem_response(request, _from_status(request, error), error.headers)

    @app.exception_handler(StoreFullError)
    def _full(request: Request, error: StoreFullError) -> Response:
        log.error("the store is full", why=str(error))
        return problem_response(
            request, StorageFullError("The artifact store is full; nothing was kept.")
        )

    @app.exception_handler(StoreUnavailableError)
    def _store(request: Request, error: StoreUnavailableError) -> Response:
        log.error("the store is not available", why=str(error))
        return problem_response(
            request, UnavailableError("The artifact store does not answer; try again.")
        )

    @app.exception_handler(OperationalError)
    @app.exception_handler(PoolTimeoutError)
    def _database(request: Request, error: Exception) -> Response:
        log.error("the database does not answer", why=reason(error))
        return problem_response(
            request, UnavailableError("The database does not answer; try again.")
        )

    @app.exception_handler(ArtifactError)
    def _artifact(request: Request, error: ArtifactError) -> Response:
        log.error("a stored blob is missing or damaged", why=str(error))
        return problem_response(
            request,
            DamagedArtifactError(
                "The stored bytes are missing or damaged; tell the operator the request id."
            ),
        )

    @app.exception_handler(ClientDisconnect)
    def _gone(request: Request, _error: ClientDisconnect) -> Response:
        return problem_response(
            request, MalformedRequestError("The connection closed before the body ended.")
        )

    @app.exception_handler(Exception)
    def _unexpected(request: Request, _error: Exception) -> Response:
        # Starlette raises the error again once this is sent, so the server logs its traceback.
        return problem_response(
            request,
            InternalProblemError(
                "Something went wrong here, not in your request; tell the operator the request id."
            ),
        )


def _method_not_allowed(app: FastAPI, request: Request) -> Response:
    """Routing names the methods of the first route of a path alone; a path may have several."""

    def takes(method: str) -> bool:
        scope = {**request.scope, "method": method}
        return any(route.matches(scope)[0] is Match.FULL for route in app.routes)

    allowed = ", ".join(method for method in METHODS if takes(method))
    problem = MethodNotAllowedError(f"Use {allowed} here, not {request.method}")
    return problem_response(request, problem, {"Allow": allowed})


def _from_status(request: Request, error: HTTPException) -> ProblemError:
    if error.status_code == 404:
        return NoSuchPathError(f"Nothing is served at {request.url.path}; see /docs.")
    return MalformedRequestError(str(error.detail))


def _pointer(location: Sequence[Any]) -> str:
    parts = [str(part).replace("~", "~0").replace("/", "~1")[:100] for part in location]
    return "".join(f"/{part}" for part in parts)
