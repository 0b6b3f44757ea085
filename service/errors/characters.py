"""What can be wrong with characters."""

from __future__ import annotations

from service.errors.resources import NotFoundError


class CharacterNotFoundError(NotFoundError):
    """No character has this name; `available` lists those that there are."""

    code, title = "character-not-found", "No such character"
