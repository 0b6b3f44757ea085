"""Rows of the tables that OpenFace wrote: which face of which frame each is of, and its AUs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from models.corpora.cells import LabelCells, Place, RawArray, labels_of
from models.corpora.columns import AuColumn, au_columns, is_au_column
from models.corpora.delimited import Row, Table
from models.corpora.errors import CorpusError
from models.corpora.folder import frame_number
from models.corpora.openface_media import Media, MediaFinder
from models.corpora.options import CONFIDENT, ReadOptions
from models.corpora.pixels import Box
from models.corpora.table import CodeArray, FloatArray

_ABOUT: Final = ("file", "frame", "face_id", "face", "confidence", "success")
_BOX: Final = ("x", "y", "w", "h")
_LANDMARKS: Final = 68


@dataclass(eq=False)
class FaceRow:
    """One row: a face in a frame."""

    place: Place
    number: int
    face: str
    confidence: float
    box: Box | None
    raw: RawArray | None
    """None where it is not used: the tracker was not sure enough."""
    columns: tuple[AuColumn, ...]
    intensity: FloatArray | None = None
    occurrence: CodeArray | None = None


@dataclass
class Skipped:
    """Rows that were left out, and why."""

    failed: int = 0
    unsure: int = 0
    other_faces: int = 0
    unlocated: int = 0
    without_file: list[str] = field(default_factory=list)
    no_tables: list[str] = field(default_factory=list)


def is_known_column(name: str) -> bool:
    """Whether a header cell is one that OpenFace writes."""
    return name.lower() in (*_ABOUT, *_BOX) or is_au_column(name)


def is_reading(table: Table) -> bool:
    """Whether a table is of faces in frames, with action units."""
    names = [name.lower() for name in table.header]
    return any(name in names for name in _ABOUT[1:]) and any(map(is_au_column, table.header))


class _Columns:
    """Places of the columns of a table; None for those it does not have."""

    def __init__(self, table: Table) -> None:
        names = [name.lower() for name in table.header]
        place = {name: cell for cell, name in reversed(list(enumerate(names)))}
        self.file, self.frame = place.get("file"), place.get("frame")
        self.face = place.get("face_id", place.get("face"))
        self.confidence, self.success = place.get("confidence"), place.get("success")
        self.box = _all_of(place, _BOX)
        # OpenFace has x_0 in pixels and X_0 in millimetres
        exact = {name: cell for cell, name in enumerate(table.header)}
        self.landmarks = [
            _all_of(exact, [f"{axis}_{number}" for number in range(_LANDMARKS)]) for axis in "xy"
        ]
        self.used = {
            cell
            for cell in (self.file, self.frame, self.face, self.confidence, self.success)
            if cell is not None
        } | {cell for cells in (self.box, *self.landmarks) for cell in cells}


def _all_of(place: dict[str, int], names: Sequence[str]) -> list[int]:
    return [place[name] for name in names] if all(name in place for name in names) else []


def read_rows(
    table: Table,
    finder: MediaFinder,
    options: ReadOptions,
    cells: LabelCells,
    counts: Skipped,
    notes: Counter[str],
    seen: dict[Media, list[FaceRow]],
) -> None:
    """Add the rows of one table to those that were seen, by video or picture.

    Raises:
        CorpusError: a row is wrong; it names the line.
        ScaleUnknownError: its AUs may be on another scale than 0 to 5.
    """
    columns = _Columns(table)
    whole = None if columns.file is not None else finder.beside(table.path)
    if columns.file is None and whole is None:
        counts.without_file.append(table.path.name)
        return
    aus = au_columns(table.header, table.path, used=columns.used, scale=options.scale)
    notes.update(aus.notes)
    if table.written:
        notes[f"Tables are {table.written}."] += 1
    least = CONFIDENT if options.min_confidence is None else options.min_confidence
    for row in table.rows:
        place = Place(table.path, row[0])
        confidence = _value(row, columns.confidence, place)
        found = _value(row, columns.success, place) != 0
        sure = found and (confidence is None or confidence >= least)
        counts.failed += not found
        counts.unsure += found and not sure
        # a file that could not be read at all may be no picture, or gone
        name = _text(row, columns.file)
        media = whole or (finder.named(name, place) if found else finder.maybe(name, place))
        if media is None:
            continue
        text = _text(row, columns.frame)
        seen[media].append(
            FaceRow(
                place,
                frame_number(text, place) if text else 1,
                _text(row, columns.face) if found else "",
                1.0 if confidence is None else confidence,
                _box(row, columns, place) if found else None,
                cells.read(row[1], aus.read, place) if sure else None,
                aus.read,
            )
        )


def _text(row: Row, cell: int | None) -> str:
    value = None if cell is None else row[1][cell]
    return "" if value is None else str(value).strip()


def _value(row: Row, cell: int | None, place: Place) -> float | None:
    text = _text(row, cell)
    if not text or text.lower() == "nan":
        return None
    try:
        return float(text.replace(",", "."))
    except ValueError as error:
        raise CorpusError(f"{text!r} is no number", place.path, place.line) from error


def _box(row: Row, columns: _Columns, place: Place) -> Box | None:
    if columns.box:
        x, y, w, h = (_value(row, cell, place) for cell in columns.box)
        if x is not None and y is not None and w and h:
            return x, y, w, h
    if all(columns.landmarks):
        across, down = (
            [value for cell in cells if (value := _value(row, cell, place)) is not None]
            for cells in columns.landmarks
        )
        if across and down:
            left, top = min(across), min(down)
            return left, top, max(across) - left, max(down) - top
    return None


def label_rows(seen: dict[Media, list[FaceRow]], options: ReadOptions, saw_letters: bool) -> None:
    """Turn cells into labels, over all tables with the same columns at once."""
    alike: dict[tuple[AuColumn, ...], list[FaceRow]] = defaultdict(list)
    for rows in seen.values():
        for row in rows:
            if row.raw is not None:
                alike[row.columns].append(row)
    for columns, rows in alike.items():
        raw = np.stack([row.raw for row in rows if row.raw is not None])
        places = [row.place for row in rows]
        intensity, occurrence = labels_of(raw, columns, places, options, saw_letters=saw_letters)
        for number, row in enumerate(rows):
            row.intensity, row.occurrence = intensity[number], occurrence[number]
