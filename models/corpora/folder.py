"""A plain folder of pictures or videos with one table of labels: a corpus of your own.

``labels.csv`` or ``labels.parquet`` has a column ``file`` (a path inside the folder; a dataset's
``file_name`` is taken too), a column ``subject``, and any of the columns ``AU01`` … ``AU43``.
A cell holds an intensity, 0 to 5 or a letter A to E; an empty cell is missing. Two more columns
may be there: ``frame``, which makes ``file`` a video and counts its frames from 0, and ``split``
(train, validation or test).
"""

from __future__ import annotations

import csv
import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from models import facs
from models.corpora import codes as label_files
from models.corpora.corpus import Corpus, LabelledSequence, assemble
from models.corpora.errors import CorpusError
from models.corpora.files import corpus_root, inside
from models.corpora.pixels import FrameSource, Pictures, Video, frame_count
from models.corpora.table import SPLITS, FloatArray, Split

TABLES: Final = ("labels.parquet", "labels.csv")
LICENCE_FILES: Final = ("LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "LICENCE.txt")
UNKNOWN_LICENCE: Final = "Not stated: the folder holds no LICENSE file."

_AU_COLUMN: Final = re.compile(r"AU0*(\d+)\Z", re.IGNORECASE)
_Cells = Mapping[str, object]


@dataclass
class _Rows:
    """Rows of one sequence, in the order of the table."""

    source_names: list[str] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    labels: list[FloatArray] = field(default_factory=list)


def read(root: Path, *, name: str | None = None, licence: str | None = None) -> Corpus:
    """Read the table and check that every file is there; no pixel is decoded.

    Raises:
        CorpusError: the table or a row of it is wrong; it names the line (of a parquet table,
            the row counted from 1).
    """
    root = corpus_root(root)
    path = next((root / table for table in TABLES if (root / table).is_file()), None)
    if path is None:
        raise CorpusError(f"holds neither {' nor '.join(TABLES)}", root)
    rows = _csv_rows(path) if path.suffix == ".csv" else _parquet_rows(path)
    header = next(rows)[1]
    columns = _au_columns([str(cell) for cell in header.values()], path)
    file_column = next((key for key in ("file", "file_name") if key in header), None)
    if file_column is None or "subject" not in header:
        raise CorpusError("needs the columns file and subject", path, 1)
    found: dict[tuple[str, str, bool], _Rows] = defaultdict(_Rows)
    splits: dict[str, Split | None] = {}
    for line, cells in rows:
        relative = str(cells[file_column] or "")
        file = inside(root, relative) if relative else None
        if file is None or not file.is_file():
            raise CorpusError(f"there is no file {relative!r} in the folder", path, line)
        subject = str(cells["subject"] or "").strip()
        if not subject:
            raise CorpusError("names no subject", path, line)
        number = cells.get("frame")
        is_video = number is not None and number != ""
        sequence = relative if is_video else str(Path(relative).parent)
        group = found[subject, sequence, is_video]
        group.source_names.append(file.relative_to(root).as_posix())
        group.numbers.append(_frame_number(number, path, line) if is_video else len(group.numbers))
        group.lines.append(line)
        group.labels.append(_labels(cells, columns, path, line))
        split = _split(cells.get("split"), path, line)
        if splits.setdefault(subject, split) != split:
            raise CorpusError(f"{subject} is in more than one split", path, line)
    sequences = [
        _sequence(root, path, subject, sequence, is_video, rows_found, splits[subject])
        for (subject, sequence, is_video), rows_found in sorted(found.items())
    ]
    notes = []
    unsupported = [str(key) for key in header if _AU_COLUMN.match(str(key)) and key not in columns]
    if unsupported:
        notes.append(f"Columns outside the vocabulary were left out: {', '.join(unsupported)}.")
    return assemble(
        sequences,
        name=name or root.name,
        layout="folder",
        root=root,
        licence=licence or _licence(root),
        notes=notes,
    )


def _csv_rows(path: Path) -> Iterator[tuple[int, _Cells]]:
    """The header as line 1, then every row with the line it ends on."""
    reader = csv.reader(label_files.text_lines(path), strict=True)
    try:
        header = [cell.strip() for cell in next(reader, [])]
        yield 1, {cell: cell for cell in header}
        for cells in reader:
            if not cells:
                continue
            if len(cells) != len(header):
                raise CorpusError(
                    f"has {len(cells)} columns where the header has {len(header)}",
                    path,
                    reader.line_num,
                )
            yield reader.line_num, dict(zip(header, cells, strict=True))
    except csv.Error as error:
        raise CorpusError(f"is not CSV: {error}", path, reader.line_num) from error


def _parquet_rows(path: Path) -> Iterator[tuple[int, _Cells]]:
    """The header as line 1, then every row, counted from 1; one batch in memory at a time."""
    try:
        with pq.ParquetFile(path) as table:
            yield 1, {name: name for name in table.schema_arrow.names}
            line = 0
            for batch in table.iter_batches(batch_size=4096):
                for cells in batch.to_pylist():
                    line += 1
                    yield line, cells
    except pa.ArrowInvalid as error:
        raise CorpusError(f"is not parquet: {error}", path) from error


def _au_columns(header: list[str], path: Path) -> dict[str, int]:
    columns: dict[str, int] = {}
    for name in header:
        match = _AU_COLUMN.match(name)
        column = label_files.au_index(int(match[1])) if match else None
        if column is None:
            continue
        if column in columns.values():
            raise CorpusError(f"has two columns for {facs.SUPPORTED_AUS[column]}", path, 1)
        columns[name] = column
    if not columns:
        raise CorpusError("has no column of a supported AU, such as AU12", path, 1)
    return columns


def _labels(cells: _Cells, columns: Mapping[str, int], path: Path, line: int) -> FloatArray:
    labels = np.full(len(facs.SUPPORTED_AUS), np.nan, np.float32)
    for name, column in columns.items():
        cell = cells[name]
        if cell is None or (isinstance(cell, str) and cell.strip().lower() in ("", "nan")):
            continue
        if isinstance(cell, float) and math.isnan(cell):
            continue
        try:
            labels[column] = facs.parse_intensity(cell, name)
        except facs.IntensityError as error:
            raise CorpusError(str(error), path, line) from error
    return labels


def _frame_number(cell: object, path: Path, line: int) -> int:
    try:
        number = float(str(cell))
    except ValueError as error:
        raise CorpusError(f"{cell!r} is no frame number", path, line) from error
    if not 0 <= number < 2**31 or number != int(number):
        raise CorpusError(f"{cell!r} is no frame number", path, line)
    return int(number)


def _split(cell: object, path: Path, line: int) -> Split | None:
    if cell is None or cell == "":
        return None
    for split in SPLITS:
        if cell == split:
            return split
    raise CorpusError(f"{cell!r} is no split: {', '.join(SPLITS)}", path, line)


def _sequence(
    root: Path,
    path: Path,
    subject: str,
    sequence: str,
    is_video: bool,
    rows: _Rows,
    split: Split | None,
) -> LabelledSequence:
    numbers = np.array(rows.numbers, np.int32)
    source: FrameSource = Pictures(root, tuple(rows.source_names))
    positions = np.arange(len(numbers), dtype=np.int32)
    labels = np.stack(rows.labels)
    if is_video:
        source = Video(root / rows.source_names[0])
        frames = frame_count(source.path)
        beyond = np.flatnonzero(numbers >= frames)
        if len(beyond):
            raise CorpusError(
                f"frame {numbers[beyond[0]]} is not in {sequence}, which has {frames} frames",
                path,
                rows.lines[int(beyond[0])],
            )
        order = np.argsort(numbers, kind="stable")
        numbers, labels = numbers[order], labels[order]
        positions = numbers
    return LabelledSequence(
        name=sequence if sequence != "." else subject,
        subject=subject,
        source=source,
        numbers=numbers,
        positions=positions,
        intensity=labels,
        split=split,
    )


def _licence(root: Path) -> str:
    for name in LICENCE_FILES:
        if (root / name).is_file():
            return "\n".join(label_files.text_lines(root / name)).strip() or UNKNOWN_LICENCE
    return UNKNOWN_LICENCE
