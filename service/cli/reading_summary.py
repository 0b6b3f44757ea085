"""What `facsimile estimate` says when it has read its files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from models.estimators.readings import NO_FACE, NOT_SEEN, OTHER_PERSON, TOO_SMALL, Reading
from models.file_names import printable
from models.registration import SMALLEST_READ

_NAMED: Final = 20
"""Files that are named one by one; the table has the others."""
_WHOLE: Final = 0.9
"""Share of its announced frames that a whole video gives: some count them from their length."""
_REASONS: Final = {
    NO_FACE: "without a face",
    NOT_SEEN: "where the face that is followed is not seen",
    TOO_SMALL: f"with a face of less than {SMALLEST_READ:.0f} pixels across, which is not read",
    OTHER_PERSON: "with a face that looks like another person's than the neutral one",
}


@dataclass
class ReadingSummary:
    """Counts rows as they are written.

    Attributes:
        files: how many were given.
        announced: the frames that each says it has.
        all_faces: whether every face is read.
        unreadable: a sentence for each file that could not be read.
    """

    files: int
    announced: Mapping[Path, int]
    all_faces: bool
    unreadable: list[str] = field(default_factory=list)
    _frames: Counter[Path] = field(default_factory=Counter)
    _reasons: Counter[str] = field(default_factory=Counter)
    _warnings: Counter[str] = field(default_factory=Counter)
    _with_face: int = 0
    _with_several: int = 0

    def add(self, reading: Reading) -> None:
        """Count a row."""
        if not reading.frame:
            self.unreadable.append(f"{printable(reading.file)}: {reading.detail}")
            return
        if reading.first:
            self._frames[reading.file] += 1
            self._with_face += reading.faces > 0
            self._with_several += reading.faces > 1
        if reading.reason:
            self._reasons[reading.reason] += 1
        elif reading.face is not None:
            self._warnings.update(reading.face.visibility.warnings)

    def lines(self) -> Iterator[str]:
        """What there is to say of the files that were read."""
        frames = sum(self._frames.values())
        yield f"{_count(frames, 'frame')}, {self._with_face} of them with a face."
        if self._with_several and self.all_faces:
            yield f"Several faces in {_count(self._with_several, 'frame')}: all of them are read."
        elif self._with_several:
            yield (
                f"Several faces in {_count(self._with_several, 'frame')}: one is kept to "
                "(--all-faces reads them all)."
            )
        for reason, words in _REASONS.items():
            if count := self._reasons[reason]:
                yield f"{_count(count, 'row')} {words}."
        if self._warnings:
            counts = (f"{name} {count:,}" for name, count in self._warnings.most_common())
            yield f"Warnings of faces that were read: {', '.join(counts)}."
        for file, count in self._frames.items():
            if count < _WHOLE * self.announced.get(file, 0):
                yield (
                    f"{printable(file)} is cut: {count} of its {self.announced[file]} frames are "
                    "there."
                )

    def complaints(self) -> Iterator[str]:
        """A line for each file that could not be read, and one before them if there are several."""
        if self.files > 1:
            yield f"{len(self.unreadable)} of {_count(self.files, 'file')} could not be read:"
        yield from self.unreadable[:_NAMED]
        if len(self.unreadable) > _NAMED:
            yield f"and {len(self.unreadable) - _NAMED} more, which the table names."


def _count(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
