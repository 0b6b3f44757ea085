"""What can be wrong with a request as such."""

from __future__ import annotations

from types import MappingProxyType

from service.errors.base import ProblemError


class MalformedJsonError(ProblemError):
    """The body is not JSON: a syntax error, a name given twice, or nested beyond reason."""

    code, title, status = "malformed-json", "The body is not valid JSON", 400


class MalformedFormError(ProblemError):
    """The body is not the multipart form its Content-Type announces."""

    code, title, status = "malformed-form", "The form cannot be read", 400


class MalformedRequestError(ProblemError):
    """The request breaks HTTP or uses a header in a way this service cannot follow."""

    code, title, status = "malformed-request", "The request cannot be read", 400


class InvalidCursorError(ProblemError):
    """The cursor is not one that a list of this service handed out."""

    code, title, status = "invalid-cursor", "The cursor is not valid", 400


class UnauthenticatedError(ProblemError):
    """A key is needed, or the one given is unknown or revoked."""

    code, title, status = "unauthenticated", "An API key is required", 401
    extra_headers = MappingProxyType({"WWW-Authenticate": "Bearer"})


class NoSuchPathError(ProblemError):
    """Nothing is served at this path."""

    code, title, status = "no-such-path", "Nothing is here", 404


class MethodNotAllowedError(ProblemError):
    """The path exists, but not for this method; see the Allow header."""

    code, title, status = "method-not-allowed", "The method is not allowed here", 405


class BodyTooLargeError(ProblemError):
    """The body is longer than this service accepts; `limit` is in bytes."""

    code, title, status = "body-too-large", "The body is too large", 413


class UnsupportedMediaTypeError(ProblemError):
    """The Content-Type is not one this operation reads."""

    code, title, status = "unsupported-media-type", "The content type is not supported", 415


class RangeNotSatisfiableError(ProblemError):
    """The Range header asks for bytes the resource does not have."""

    code, title, status = "range-not-satisfiable", "The range is outside of the resource", 416

    def __init__(self, size: int) -> None:
        super().__init__(f"The resource has {size:,} bytes.", size=size)
        self.headers = {"Content-Range": f"bytes */{size}"}


class InvalidRequestError(ProblemError):
    """A value is missing, unknown or of the wrong type; `errors` names each by JSON pointer."""

    code, title, status = "invalid-request", "The request is not valid", 422


class IdempotencyKeyReusedError(ProblemError):
    """The Idempotency-Key was used before for a different request."""

    code, title, status = "idempotency-key-reused", "The idempotency key was used before", 422


class TooManyFilesError(ProblemError):
    """One request may carry only so many files."""

    code, title, status = "too-many-files", "Too many files in one request", 413
