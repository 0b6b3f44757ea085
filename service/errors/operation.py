"""What can be wrong with the service itself."""

from __future__ import annotations

from types import MappingProxyType

from service.errors.base import ProblemError


class StorageFullError(ProblemError):
    """No room is left for what was sent or made; an operator must make some."""

    code, title, status = "storage-full", "No room is left", 507


class InternalProblemError(ProblemError):
    """The service made a mistake. The request id leads to the log entry about it."""

    code, title, status = "internal-error", "The service made a mistake", 500


class DamagedArtifactError(ProblemError):
    """Stored bytes are missing or not the ones that were stored; an operator must restore them."""

    code, title, status = "damaged-artifact", "Stored bytes are missing or damaged", 500


class UnavailableError(ProblemError):
    """A part the service needs does not answer; `checks` or the detail says which."""

    code, title, status = "unavailable", "The service is not available", 503
    extra_headers = MappingProxyType({"Retry-After": "5"})


class BusyDrawingError(ProblemError):
    """More drawings are asked for at once than can be made; ask again in a moment."""

    code, title, status = "drawing-busy", "Too many drawings at once", 503
    extra_headers = MappingProxyType({"Retry-After": "1"})
