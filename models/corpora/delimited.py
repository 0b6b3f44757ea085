"""Reads tables as spreadsheets write them: what separates cells, how text is encoded."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from models.corpora.errors import CorpusError

Row = tuple[int, Sequence[object]]
"""The line that a row ends on (of a parquet table, the row counted from 1), and its cells."""

_SEPARATORS: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
_SEP_LINE: Final = re.compile(r'\A"?sep=(?P<separator>[^\r\n"])"?[ \t]*(?:\r\n|\r|\n|\Z)', re.I)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x19\x1b-\x1f]")


@dataclass(frozen=True, eq=False)
class Table:
    """A table that is being read.

    Attributes:
        header: names of the columns, without spaces around them.
        rows: the other rows, those without any content left out; to be gone through once.
        written: how it is written where that is not the usual way, as the end of a sentence;
            empty otherwise.
    """

    path: Path
    header: tuple[str, ...]
    rows: Iterator[Row]
    written: str = ""


def open_table(path: Path, is_known: Callable[[str], bool]) -> Table:
    """Open a table of text or parquet.

    Args:
        is_known: whether a column's name means something; the separator that gives the most of
            these is the one.

    Raises:
        CorpusError: the file cannot be read, or is no table; by line where one is to blame.
    """
    if path.suffix.lower() == ".parquet":
        return _parquet(path)
    text, encoding = table_text(path)
    told = _SEP_LINE.match(text)
    skipped = 1 if told else 0
    if told:
        text, separator = text[told.end() :], told["separator"]
    else:
        separator = _separator(text, is_known)
    rows = _text_rows(path, text, separator, skipped)
    _, cells = next(rows, (1, []))
    header = [str(cell).strip() for cell in cells]
    width = max((place for place, cell in enumerate(header, 1) if cell), default=0)
    ways = [] if separator == "," else [f"separated by {_SEPARATORS.get(separator, separator)}"]
    if encoding:
        ways.append(f"text in {encoding}")
    return Table(
        path, tuple(header[:width]), _fitted(path, rows, width, separator), " and ".join(ways)
    )


def table_text(path: Path) -> tuple[str, str]:
    """The text of a table, and its encoding's name where it is not UTF-8, else an empty string.

    Raises:
        CorpusError: the file cannot be read or is not text.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CorpusError(f"cannot be read: {error.strerror}", path) from error
    if data.startswith((b"PK\3\4", b"\xd0\xcf\x11\xe0")):
        raise CorpusError("is a workbook, not text: save the sheet as CSV", path)
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text, encoding = data.decode("utf-16", "replace"), "UTF-16"
    else:
        try:
            text, encoding = data.decode("utf-8-sig"), ""
        except UnicodeDecodeError:
            # what spreadsheets of Western Europe write; every byte means something in Latin-1
            text, encoding = _western(data), "Windows-1252 (Latin-1)"
    if wrong := _CONTROL.search(text):
        raise CorpusError("is not text", path, text[: wrong.start()].count("\n") + 1)
    return text, encoding


def _western(data: bytes) -> str:
    try:
        return data.decode("cp1252")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _separator(text: str, is_known: Callable[[str], bool]) -> str:
    def worth(separator: str) -> tuple[int, int]:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        try:
            header = next((cells for cells in reader if any(cell.strip() for cell in cells)), [])
        except csv.Error:
            return 0, 0
        return sum(is_known(cell.strip()) for cell in header), len(header)

    return max(_SEPARATORS, key=worth)


def _text_rows(path: Path, text: str, separator: str, skipped: int) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num + skipped, cells
    except csv.Error as error:
        raise CorpusError(f"is not CSV: {error}", path, reader.line_num + skipped) from error


def _fitted(path: Path, rows: Iterator[Row], width: int, separator: str) -> Iterator[Row]:
    """Rows as wide as the header; empty cells beyond it are what spreadsheets leave behind."""
    for line, cells in rows:
        is_wide = any(str(cell).strip() for cell in cells[width:])
        if is_wide or len(cells) < width:
            hint = (
                "; decimals with commas need semicolons or tabs between columns"
                if is_wide and separator == ","
                else ""
            )
            raise CorpusError(
                f"has {len(cells)} columns where the header has {width}{hint}", path, line
            )
        yield line, cells[:width]


def _parquet(path: Path) -> Table:
    try:
        with pq.ParquetFile(path) as table:
            header = tuple(table.schema_arrow.names)
    except (OSError, pa.ArrowInvalid) as error:
        raise CorpusError(f"is not parquet: {error}", path) from error
    return Table(path, header, _parquet_rows(path))


def _parquet_rows(path: Path) -> Iterator[Row]:
    """One batch in memory at a time."""
    line = 0
    try:
        with pq.ParquetFile(path) as table:
            for batch in table.iter_batches(batch_size=4096):
                for cells in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    line += 1
                    if any(cell is not None and str(cell).strip() for cell in cells):
                        yield line, cells
    except (OSError, pa.ArrowInvalid) as error:
        raise CorpusError(f"is not parquet: {error}", path) from error
