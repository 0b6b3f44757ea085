"""What can be wrong with any resource that is asked for."""

from __future__ import annotations

from service.errors.base import ProblemError


class NotFoundError(ProblemError):
    """No such resource exists among yours; other owners' resources look the same."""

    code, title, status = "not-found", "No such resource", 404


class ResourceExpiredError(ProblemError):
    """The resource was kept for as long as this service keeps things, and is gone."""

    code, title, status = "resource-expired", "The resource has expired", 404
