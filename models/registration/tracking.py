"""Whose face is which from frame to frame, by where it is and how large.

Faces are joined to the tracks they lie nearest to, the nearest pair first. It is no recognition: a
face that comes back elsewhere is a new one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from models.registration.registrar import Box

_REACH: Final = 0.6
"""How far a face moves from frame to frame at most, in its own sizes."""
_MORE_A_FRAME: Final = 0.1
_FURTHEST: Final = 1.2
"""The reach grows by this much with each frame it was not seen in, up to that."""
_GROWTH: Final = math.log(1.6)
"""By what factor its size changes at most."""
_PATIENCE: Final = 25
"""Frames that a lost face is waited for before another is followed."""


@dataclass
class _Track:
    box: Box
    seen: int


@dataclass
class FaceTracks:
    """The faces of one video so far; they count from 0 in the order they appear.

    `followed` is the one face that is kept to: the largest of the first frame with a face, until
    it is gone.
    """

    followed: int | None = None
    _before: int | None = None
    _tracks: list[_Track] = field(default_factory=list)
    _frame: int = 0
    _lost: int = 0
    _since: int = 0

    def next(self, boxes: Sequence[Box]) -> list[int]:
        """The faces' numbers, for their boxes in the next frame, largest face first.

        One that is new in the frame where the followed face is missing is taken for it, since
        cuts and fast heads do that, and let go should the other come back soon; one that was there
        before is followed after some 25 frames.
        """
        known = len(self._tracks)
        numbers = self._assigned(boxes)
        self._frame += 1
        self._since += 1
        if self._before in numbers and self._since <= _PATIENCE:
            self._follow(self._before)
        if self.followed in numbers:
            self._lost = 0
            return numbers
        self._lost += 1
        fresh = [number for number in numbers if number >= known]
        waited = self.followed is None or self._lost > _PATIENCE
        for number in fresh or (numbers if waited else []):
            self._follow(number)
            break
        return numbers

    def _follow(self, number: int | None) -> None:
        self._before = self.followed if number != self._before else None
        self.followed, self._lost, self._since = number, 0, 0

    def _assigned(self, boxes: Sequence[Box]) -> list[int]:
        pairs = sorted(
            (distance, face, number)
            for face, box in enumerate(boxes)
            for number, track in enumerate(self._tracks)
            if (distance := self._distance(track, box)) is not None
        )
        numbers: dict[int, int] = {}
        for _, face, number in pairs:
            if face not in numbers and number not in numbers.values():
                numbers[face] = number
        for face, box in enumerate(boxes):
            if face not in numbers:
                numbers[face] = len(self._tracks)
                self._tracks.append(_Track(box, self._frame))
            self._tracks[numbers[face]] = _Track(box, self._frame)
        return [numbers[face] for face in range(len(boxes))]

    def _distance(self, track: _Track, box: Box) -> float | None:
        """In sizes of the face; None for one that cannot be it."""
        missed = self._frame - track.seen - 1
        reach = min(_REACH + _MORE_A_FRAME * missed, _FURTHEST)
        size = (_size(track.box) + _size(box)) / 2
        apart = math.dist(_middle(track.box), _middle(box)) / size
        growth = abs(math.log(_size(box) / _size(track.box)))
        return None if apart > reach or growth > _GROWTH else apart + growth


def _middle(box: Box) -> tuple[float, float]:
    return box[0] + box[2] / 2, box[1] + box[3] / 2


def _size(box: Box) -> float:
    return max((box[2] + box[3]) / 2, 1.0)
