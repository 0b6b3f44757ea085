"""A plain folder of pictures or videos with one table of labels: a corpus of your own.

``labels.csv`` (or ``.tsv``, ``.txt``, ``.parquet``) has a column ``file``, a path inside the
folder, a column ``subject``, and any columns of AUs: see `models.corpora.columns` for how they may
be called, `models.corpora.cells` for what cells may hold and `models.corpora.delimited` for how the
table may be written. Two more columns may be there: ``frame``, which makes ``file`` a video and
counts its frames from 0, and ``split`` (train, validation or test).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from models.corpora import codes as label_files
from models.corpora.cells import LabelCells, Place, labels_of, only_zeros_and_ones
from models.corpora.columns import AuColumns, au_columns, is_au_column
from models.corpora.corpus import Corpus, assemble
from models.corpora.delimited import Row, Table, open_table
from models.corpora.errors import CorpusError
from models.corpora.files import VIDEO_SUFFIXES, Finder, corpus_root
from models.corpora.options import ReadOptions
from models.corpora.table import SPLITS, Split
from models.corpora.table_rows import LabelledRow, joined, sequences_of
from models.corpora.wording import counted
from models.file_kinds import HEAD, is_video

TABLES: Final = ("labels.parquet", "labels.csv", "labels.tsv", "labels.txt")
WORKBOOKS: Final = ("labels.xlsx", "labels.xls", "labels.ods")
LICENCE_FILES: Final = ("LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "LICENCE.txt")
UNKNOWN_LICENCE: Final = "Not stated: the folder holds no LICENSE file."

_FILE: Final = ("file", "file_name", "filename", "image", "path", "input")
_SUBJECT: Final = ("subject", "subject_id", "person", "participant")
_FRAME: Final = ("frame",)
_SPLIT: Final = ("split",)


class _Columns:
    """Places of the columns of a table."""

    def __init__(self, table: Table, options: ReadOptions) -> None:
        names = [name.lower() for name in table.header]
        self.file, self.subject, self.frame, self.split = (
            _place(names, wanted, table.path) for wanted in (_FILE, _SUBJECT, _FRAME, _SPLIT)
        )
        used = {self.file, self.subject, self.frame, self.split} - {None}
        self.aus: AuColumns = au_columns(
            table.header,
            table.path,
            used=[place for place in used if place is not None],
            scale=options.scale,
        )


def read(
    root: Path,
    options: ReadOptions | None = None,
    *,
    name: str | None = None,
    licence: str | None = None,
) -> Corpus:
    """Read the table and check that every file is there; no pixel is decoded.

    Raises:
        ScaleUnknownError: intensities may be on another scale than 0 to 5.
        CorpusError: the table or a row of it is wrong; it names the line (of a parquet table,
            the row counted from 1).
    """
    options = options or ReadOptions()
    root = corpus_root(root)
    finder = Finder(root, options.boundary)
    path, others = _table_of(root, finder)
    table = open_table(path, _is_known)
    columns = _Columns(table, options)
    if columns.file is None or columns.subject is None:
        raise CorpusError(
            f"needs the columns file and subject; has {', '.join(table.header)}", path, 1
        )
    rows, notes = _rows(table, columns, finder, options)
    kept, doubled = joined(rows)
    _check_splits(kept)
    if others:
        notes.insert(0, f"{path.name} was read, and not {', '.join(others)} beside it.")
    if doubled:
        say = "says" if doubled == 1 else "say"
        notes.append(
            f"{counted(doubled, 'row')} {say} the same of a frame as another row; it counts once."
        )
    return assemble(
        sequences_of(kept, root),
        name=name or root.name,
        layout="folder",
        root=root,
        licence=licence or licence_of(root),
        notes=notes,
    )


def _table_of(root: Path, finder: Finder) -> tuple[Path, list[str]]:
    found = [path for table in TABLES if (path := finder.find(table)) is not None]
    if not found:
        workbook = next((book for book in WORKBOOKS if finder.find(book) is not None), None)
        if workbook is not None:
            raise CorpusError(f"holds {workbook}, a workbook: save its sheet as labels.csv", root)
        raise CorpusError(f"holds neither labels.csv nor {TABLES[0]}", root)
    return found[0], [path.name for path in found[1:]]


def _is_known(name: str) -> bool:
    known = (*_FILE, *_SUBJECT, *_FRAME, *_SPLIT)
    return name.lower() in known or is_au_column(name)


def _place(names: Sequence[str], wanted: Sequence[str], path: Path) -> int | None:
    for name in wanted:
        if names.count(name) > 1:
            raise CorpusError(f"has two columns {name}", path, 1)
        if name in names:
            return names.index(name)
    return None


def _rows(
    table: Table, columns: _Columns, finder: Finder, options: ReadOptions
) -> tuple[list[LabelledRow], list[str]]:
    cells = LabelCells(options)
    about: list[tuple[Place, Path, int | None, str, Split | None]] = []
    raw: list[np.ndarray] = []
    for row in table.rows:
        place = Place(table.path, row[0])
        file = _file(row, columns, finder, place)
        subject = _text(row, columns.subject)
        if not subject:
            raise CorpusError("names no subject", table.path, row[0])
        frame = _frame(row, columns, file, place)
        about.append((place, file, frame, subject, _split(row, columns, place)))
        raw.append(cells.read(row[1], columns.aus.read, place))
    notes = [f"The table is {table.written}."] if table.written else []
    notes += columns.aus.notes
    if not raw:
        raise CorpusError("has no rows", table.path)
    intensity, occurrence = labels_of(
        np.stack(raw),
        columns.aus.read,
        [place for place, *_ in about],
        options,
        saw_letters=cells.saw_letters,
    )
    if options.scale is None and not cells.saw_letters and only_zeros_and_ones(intensity):
        notes.append(
            "All intensities are 0 or 1 and were read as absent and A. If they tell presence "
            "alone, say so with the option scale, presence."
        )
    notes += cells.notes
    return [
        LabelledRow(*told, intensity[number], occurrence[number])
        for number, told in enumerate(about)
    ], notes


def _text(row: Row, place: int | None) -> str:
    cell = None if place is None else row[1][place]
    return "" if cell is None else str(cell).strip()


def _file(row: Row, columns: _Columns, finder: Finder, place: Place) -> Path:
    name = _text(row, columns.file)
    file = finder.find(name) if name else None
    if file is None:
        raise CorpusError(f"there is no file {name!r} in the folder", place.path, place.line)
    return file


def _frame(row: Row, columns: _Columns, file: Path, place: Place) -> int | None:
    """The row's frame of a video; None of a picture, whose frame tells nothing."""
    text = _text(row, columns.frame)
    if not text or text.lower() == "nan":
        if file.suffix.lower() in VIDEO_SUFFIXES:
            raise CorpusError(
                f"{file.name} is a video, so a column frame has to tell which frame this is, "
                "counted from 0",
                place.path,
                place.line,
            )
        return None
    number = frame_number(text, place)
    return number if _is_video(file) else None


def frame_number(text: str, place: Place) -> int:
    """The number of a frame.

    Raises:
        CorpusError: it is none.
    """
    try:
        number = float(text)
    except ValueError as error:
        raise CorpusError(f"{text!r} is no frame number", place.path, place.line) from error
    if not 0 <= number < 2**31 or number != int(number):
        raise CorpusError(f"{text!r} is no frame number", place.path, place.line)
    return int(number)


def _is_video(file: Path) -> bool:
    if file.suffix.lower() in VIDEO_SUFFIXES:
        return True
    try:
        with file.open("rb") as opened:
            return is_video(opened.read(HEAD))
    except OSError as error:
        raise CorpusError(f"cannot be read: {error.strerror}", file) from error


def _split(row: Row, columns: _Columns, place: Place) -> Split | None:
    text = _text(row, columns.split)
    if not text:
        return None
    for split in SPLITS:
        if text.lower() == split:
            return split
    raise CorpusError(f"{text!r} is no split: {', '.join(SPLITS)}", place.path, place.line)


def _check_splits(rows: Sequence[LabelledRow]) -> None:
    splits: dict[str, Split | None] = {}
    for row in rows:
        if splits.setdefault(row.subject, row.split) != row.split:
            raise CorpusError(
                f"{row.subject} is in more than one split", row.place.path, row.place.line
            )


def licence_of(root: Path) -> str:
    """What the folder's own LICENSE file says."""
    for name in LICENCE_FILES:
        if (root / name).is_file():
            return "\n".join(label_files.text_lines(root / name)).strip() or UNKNOWN_LICENCE
    return UNKNOWN_LICENCE
