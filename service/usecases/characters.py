"""Drawing characters: at once, as it takes some tens of milliseconds and keeps nothing."""

from __future__ import annotations

import threading
from typing import Final

from models.characters.cast import CAST
from models.characters.looks import Character
from models.characters.render import Shot, View, render
from models.images import encode_png
from models.marking import ALGORITHMIC_SOURCE, SyntheticMark
from service.errors.characters import CharacterNotFoundError
from service.usecases.targets import parse_target
from service.wire.characters import RenderRequest

_RENDERING: Final = threading.BoundedSemaphore(2)
"""Pictures drawn at a time, whatever the number of requests: 2 * 600 MB at 1,024 pixels a side."""


def named(name: str) -> Character:
    """The character of this name.

    Raises:
        CharacterNotFoundError.
    """
    if name not in CAST:
        raise CharacterNotFoundError(
            f"There is no character {name[:40]!r}; there are {', '.join(CAST)}.",
            available=list(CAST),
        )
    return CAST[name]


def draw(name: str, asked: RenderRequest) -> bytes:
    """A PNG of a character, marked as synthetic; the same request gives the same bytes.

    Raises:
        CharacterNotFoundError.
        UnknownActionUnitError, IntensityOutOfRangeError, ContradictorySidesError: with `pointer`.
    """
    character = named(name)
    target = parse_target(asked.target, "The target", "/target")
    view = View(
        asked.view.yaw, asked.view.pitch, asked.view.roll, (asked.gaze.yaw, asked.gaze.pitch)
    )
    with _RENDERING:
        picture = render(Shot(character, target.array(), view), asked.size)
    mark = SyntheticMark(f"character {name}", target.as_dict(), 0, ALGORITHMIC_SOURCE)
    return encode_png(picture, mark)
