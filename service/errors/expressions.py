"""What can be wrong with asking for expressions."""

from __future__ import annotations

from service.errors.base import ProblemError
from service.errors.resources import NotFoundError


class ExpressionSetNotFoundError(NotFoundError):
    """None of your expression sets has this id."""

    code, title = "expression-set-not-found", "No such expression set"


class ItemNotFoundError(NotFoundError):
    """The expression set has no item of this index, or the item has no such output."""

    code, title = "item-not-found", "No such item"


class TooManyItemsError(ProblemError):
    """Images times targets is more than one request may ask for."""

    code, title, status = "too-many-items", "Too many drawings in one request", 422
