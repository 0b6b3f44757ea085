"""Reads the label files that FERA 2017, BP4D and DISFA share: frame numbers and codes in text."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from models import facs
from models.corpora.errors import CorpusError
from models.corpora.table import UNKNOWN, CodeArray, FloatArray, IndexArray

MISSING: Final = 9.0
"""The code of FERA 2017 and BP4D for a frame that was not coded."""

_MAX_NUMBER: Final = 2**31 - 1
_AU_HEADER: Final = re.compile(r"(?:AU)?0*(\d+)\Z", re.IGNORECASE)
_INDEX: Final[Mapping[str, int]] = {au: index for index, au in enumerate(facs.SUPPORTED_AUS)}


@dataclass(frozen=True, eq=False)
class Codes:
    """One label file: frame numbers, strictly rising, and one row of codes for each.

    `numbers` is int32 (n,), `values` float32 (n, m) with NaN for missing, `lines` int32 (n,) the
    line of each row in `path`.
    """

    path: Path
    numbers: IndexArray
    values: FloatArray
    lines: IndexArray


def au_index(number: int) -> int | None:
    """The column of AU `number` in the vocabulary; None for AUs it does not have."""
    return _INDEX.get(f"AU{number:02d}")


def text_lines(path: Path) -> list[str]:
    """The lines of a text file.

    Raises:
        CorpusError: the file cannot be read or is not text.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CorpusError(f"cannot be read: {error.strerror}", path) from error
    try:
        return data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise CorpusError("is not text", path, data[: error.start].count(b"\n") + 1) from error


def missing_codes(named: Collection[str]) -> frozenset[float]:
    """The codes of cells without a label: 9, and the numbers among those that a person named."""
    codes = {MISSING}
    for code in named:
        with contextlib.suppress(ValueError):
            codes.add(float(code))
    return frozenset(codes)


def read_intensities(path: Path, missing: Collection[float] = (MISSING,)) -> Codes:
    """Read rows ``frame,intensity`` without a header; intensities 0 to 5, or codes for missing.

    Raises:
        CorpusError: by line, anything else.
    """
    rows = [
        (line, _numbers(text, path, line, width=2))
        for line, text in enumerate(text_lines(path), 1)
        if text.strip()
    ]
    for line, (_, value) in rows:
        if value not in missing and not 0 <= value <= facs.MAX_INTENSITY:
            raise CorpusError(
                f"{value:g} is no intensity: 0 to 5, or {_listed(missing)} for missing", path, line
            )
    return _codes(path, rows, missing)


def read_occurrences(
    path: Path, missing: Collection[float] = (MISSING,)
) -> tuple[Codes, tuple[int, ...]]:
    """Read a table of presence: a header of AU numbers, rows of a frame number and 0, 1 or 9, or
    another code for missing.

    The header's first cell stands over the frame numbers and is not read; BP4D's first edition
    counts 0, 1, 2 … 99 there, later ones name the AUs they have. Codes of AUs outside the
    vocabulary are not read.

    Returns:
        The codes of the AUs that are in the vocabulary, and their columns in it.

    Raises:
        CorpusError: by line, a header or code that is not of this form.
    """
    lines = text_lines(path)
    if not lines:
        raise CorpusError("is empty; a header of AU numbers was expected", path, 1)
    columns: list[tuple[int, int]] = []
    header = lines[0].split(",")
    for cell in range(1, len(header)):
        match = _AU_HEADER.match(header[cell].strip())
        if match is None:
            raise CorpusError(f"{header[cell]!r} in the header is no AU number", path, 1)
        column = au_index(int(match[1]))
        if column is not None:
            columns.append((cell, column))
    if not columns:
        raise CorpusError("the header names no supported AU", path, 1)
    rows: list[tuple[int, list[float]]] = []
    for line, text in enumerate(lines[1:], 2):
        if not text.strip():
            continue
        cells = _numbers(text, path, line, width=len(header))
        codes = [cells[cell] for cell, _ in columns]
        wrong = next((code for code in codes if code not in (0.0, 1.0, *missing)), None)
        if wrong is not None:
            raise CorpusError(
                f"{wrong:g} is no occurrence: 0, 1, or {_listed(missing)} for missing", path, line
            )
        rows.append((line, [cells[0], *codes]))
    return _codes(path, rows, missing), tuple(column for _, column in columns)


def merge(by_au: Mapping[int, Codes]) -> tuple[IndexArray, FloatArray]:
    """Join the files of several AUs on their frame numbers.

    Args:
        by_au: column in the vocabulary -> that AU's codes.

    Returns:
        int32 (n,) rising frame numbers found in any file, and float32 (n, 18) with NaN where an
        AU has no code for a frame.
    """
    numbers = np.unique(np.concatenate([codes.numbers for codes in by_au.values()]))
    merged = np.full((len(numbers), len(facs.SUPPORTED_AUS)), np.nan, np.float32)
    for column, codes in by_au.items():
        merged[np.searchsorted(numbers, codes.numbers), column] = codes.values[:, 0]
    return numbers.astype(np.int32), merged


def occurrence_rows(codes: Codes, columns: tuple[int, ...], numbers: IndexArray) -> CodeArray:
    """The occurrence codes of given frames as int8 (n, 18), -1 where a frame or AU has none."""
    rows = np.full((len(numbers), len(facs.SUPPORTED_AUS)), UNKNOWN, np.int8)
    _, ours, theirs = np.intersect1d(numbers, codes.numbers, return_indices=True)
    values = np.nan_to_num(codes.values[theirs], nan=UNKNOWN).astype(np.int8)
    rows[np.ix_(ours, np.array(columns, np.intp))] = values
    return rows


def _numbers(text: str, path: Path, line: int, width: int) -> list[float]:
    cells = text.split(",")
    if len(cells) != width:
        raise CorpusError(f"has {len(cells)} columns where {width} were expected", path, line)
    try:
        return [float(cell) for cell in cells]
    except ValueError as error:
        raise CorpusError(f"{text.strip()!r} is not a row of numbers", path, line) from error


def _listed(missing: Collection[float]) -> str:
    return " or ".join(f"{code:g}" for code in sorted(missing))


def _codes(path: Path, rows: list[tuple[int, list[float]]], missing: Collection[float]) -> Codes:
    if not rows:
        raise CorpusError("has no rows", path)
    previous = -1
    for line, (number, *_) in rows:
        if not 0 <= number <= _MAX_NUMBER or number != int(number):
            raise CorpusError(f"{number:g} is no frame number", path, line)
        if number <= previous:
            raise CorpusError(f"frame {number:g} comes after frame {previous}", path, line)
        previous = int(number)
    values: npt.NDArray[np.float32] = np.array([row[1:] for _, row in rows], np.float32)
    values[np.isin(values, list(missing))] = np.nan
    return Codes(
        path=path,
        numbers=np.array([row[0] for _, row in rows], np.int32),
        values=values,
        lines=np.array([line for line, _ in rows], np.int32),
    )
