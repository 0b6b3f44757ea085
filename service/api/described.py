"""What the OpenAPI document says of operations: their bodies, their answers, their problems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel

from models.images import ACCEPTED_NAMES
from service.api import bodies
from service.errors.base import ProblemError, problem_type
from service.errors.jobs import JobCancelledError, JobFailedError, NotReadyError
from service.errors.operation import UnavailableError
from service.errors.requests import (
    BodyTooLargeError,
    IdempotencyKeyReusedError,
    InvalidCursorError,
    InvalidRequestError,
    MalformedFormError,
    MalformedJsonError,
    RangeNotSatisfiableError,
    UnauthenticatedError,
    UnsupportedMediaTypeError,
)
from service.wire.problems import Problem

PROBLEM_MEDIA_TYPE: Final = "application/problem+json"

READ_PROBLEMS: Final = (MalformedJsonError, MalformedFormError, InvalidRequestError)
"""Of a body that is JSON or a form."""
POST_PROBLEMS: Final = (
    BodyTooLargeError,
    UnsupportedMediaTypeError,
    IdempotencyKeyReusedError,
    UnauthenticatedError,
    UnavailableError,
)
LIST_PROBLEMS: Final = (InvalidCursorError, InvalidRequestError, UnauthenticatedError)
UNFINISHED_PROBLEMS: Final = (NotReadyError, JobCancelledError, JobFailedError)
"""Of what a job is to make."""

BINARY: Final[Mapping[str, str]] = {"type": "string", "format": "binary"}
PHOTO: Final[Mapping[str, str]] = {**BINARY, "description": f"A photo: {ACCEPTED_NAMES}."}
PHOTOS: Final[Mapping[str, Any]] = {"type": "array", "minItems": 1, "items": PHOTO}

Answers = dict[int | str, dict[str, Any]]
_REFERENCE: Final = "#/components/schemas/{model}"


def reference(schema: type[BaseModel]) -> dict[str, str]:
    """A reference to a model of the wire, which `document` puts among the components."""
    return {"$ref": _REFERENCE.format(model=schema.__name__)}


def responses(*problems: type[ProblemError]) -> Answers:
    """The problems an operation may answer with."""
    documented: Answers = {}
    for problem in problems:
        entry = documented.setdefault(
            problem.status,
            {
                "description": "",
                "content": {PROBLEM_MEDIA_TYPE: {"schema": reference(Problem), "examples": {}}},
            },
        )
        entry["description"] = "; ".join(filter(None, (entry["description"], problem.title)))
        entry["content"][PROBLEM_MEDIA_TYPE]["examples"][problem.code] = {
            "summary": problem.title,
            "value": {
                "type": problem_type(problem.code),
                "title": problem.title,
                "status": problem.status,
                "detail": " ".join((problem.__doc__ or "").split()),
                "instance": "/v1/…",
                "request_id": "019e6f1c-3c00-7000-8000-000000000000",
            },
        }
    return documented


def accepted(what: str, *problems: type[ProblemError], **more: Any) -> Answers:
    """The 202 of an operation whose job makes `what`, and its problems."""
    headers = {
        "Location": {"description": what, "schema": {"type": "string"}},
        "Retry-After": {"description": "Seconds.", "schema": {"type": "string"}},
    }
    return {202: {**more, "headers": headers}, **responses(*problems)}


def file(description: str, media_types: Sequence[str], *problems: type[ProblemError]) -> Answers:
    """What `downloads` answers, and the problems that there may be besides."""
    content = {name: {"schema": dict(BINARY)} for name in media_types}
    return {
        200: {"description": description, "content": content},
        206: {"description": "The range of bytes that was asked for."},
        304: {"description": "The copy you hold is the current one."},
        **responses(*problems, RangeNotSatisfiableError),
    }


def body(*contents: Mapping[str, Any]) -> dict[str, Any]:
    """A body that is read by hand, of one of these contents."""
    content = {name: described for each in contents for name, described in each.items()}
    return {"requestBody": {"required": True, "content": content}}


def json_content(
    schema: type[BaseModel], summaries: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """A body of JSON; `summaries` name the schema's examples and say what they are."""
    values = schema.model_json_schema().get("examples", ())
    named = summaries or {str(place): "Example" for place in range(len(values))}
    examples = {
        name: {"summary": summary, "value": value}
        for (name, summary), value in zip(named.items(), values, strict=True)
    }
    return {bodies.JSON: {"schema": reference(schema), "examples": examples}}


def fields(schema: type[BaseModel]) -> dict[str, Any]:
    """The fields of a schema, for a form that has them too."""
    properties: dict[str, Any] = schema.model_json_schema(ref_template=_REFERENCE)["properties"]
    return properties


def form_content(
    required: Sequence[str],
    properties: Mapping[str, Any],
    name: str,
    summary: str,
    value: Mapping[str, Any],
) -> dict[str, Any]:
    """A body that is a form, with one example of it."""
    schema = {"type": "object", "required": list(required), "properties": dict(properties)}
    example = {name: {"summary": summary, "value": dict(value)}}
    return {bodies.FORM: {"schema": schema, "examples": example}}
