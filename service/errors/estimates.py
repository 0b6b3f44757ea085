"""What can be wrong with estimates."""

from __future__ import annotations

from service.errors.resources import NotFoundError


class EstimateNotFoundError(NotFoundError):
    """None of your estimates has this id."""

    code, title = "estimate-not-found", "No such estimate"
