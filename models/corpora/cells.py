"""What the cells of label columns say: intensities on whatever scale, presence, and missing ones.

Cells are collected as they stand and turned into labels together, because the scale of a column
shows in all of it and not in one cell.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from models import facs
from models.corpora.columns import AuColumn
from models.corpora.errors import CorpusError, ScaleUnknownError
from models.corpora.options import ReadOptions, Scale
from models.corpora.table import UNKNOWN, CodeArray, FloatArray

NOTHING: Final = frozenset({"", "nan", "na", "n/a", "#n/a", "null", "none"})
"""What cells without a label hold, whatever the case: R writes NA, databases null."""

_HIGHEST: Final[dict[Scale, float]] = {"0-5": 5.0, "0-1": 1.0, "0-100": 100.0, "presence": 1.0}
_DECIMAL_COMMA: Final = re.compile(r"[+-]?\d*,\d+\Z")
_TRUTHS: Final = {"true": 1.0, "false": 0.0}
_ROUNDING: Final = 1e-6

RawArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Place:
    """Where a row of labels stands."""

    path: Path
    line: int


class LabelCells:
    """Reads the cells of rows, and counts what stood for missing ones."""

    def __init__(self, options: ReadOptions) -> None:
        self._texts = {code.strip().lower() for code in options.missing}
        self._numbers = {
            value for code in options.missing if (value := _number(code.strip())) is not None
        }
        self._letters = options.scale in (None, "0-5")
        self._missing: Counter[str] = Counter()
        self._decimal_commas = False
        self.saw_letters = False

    def read(self, cells: Sequence[object], columns: Iterable[AuColumn], place: Place) -> RawArray:
        """float64, one for each column: the numbers as they stand, NaN for missing ones.

        Raises:
            CorpusError: a cell is neither; by line.
        """
        return np.array([self._read(cells[each.cell], each, place) for each in columns])

    @property
    def notes(self) -> tuple[str, ...]:
        """What was read as missing, and how decimals are written, for a person."""
        notes = ["Decimals are written with commas."] if self._decimal_commas else []
        if self._missing:
            counts = ", ".join(
                f"{text} in {count:,}" for text, count in sorted(self._missing.items())
            )
            notes.append(f"Cells read as missing: {counts}.")
        return tuple(notes)

    def _read(self, cell: object, column: AuColumn, place: Place) -> float:
        if cell is None or (isinstance(cell, float) and math.isnan(cell)):
            return math.nan
        text = str(cell).strip()
        if self._is_missing(text):
            return math.nan
        if text.lower() in _TRUTHS and column.kind == "presence":
            return _TRUTHS[text.lower()]
        if column.kind == "intensity" and self._letters and text.upper() in facs.LEVELS[1:]:
            self.saw_letters = True
            return float(facs.LEVELS.index(text.upper()))
        value = self._value(text)
        if value is None:
            what = "0 or 1" if column.kind == "presence" else "a letter A to E or a number 0 to 5"
            raise CorpusError(f"{column.name} must be {what}, not {text!r}", place.path, place.line)
        return value

    def _is_missing(self, text: str) -> bool:
        if text.lower() in NOTHING:
            if text:
                self._missing[text] += 1
            return True
        if not self._texts:
            return False
        value = self._value(text)
        if text.lower() in self._texts or (value is not None and value in self._numbers):
            self._missing[text] += 1
            return True
        return False

    def _value(self, text: str) -> float | None:
        if _DECIMAL_COMMA.match(text):
            self._decimal_commas = True
            text = text.replace(",", ".")
        return _number(text)


def labels_of(
    raw: RawArray,
    columns: Sequence[AuColumn],
    places: Sequence[Place],
    options: ReadOptions,
    *,
    saw_letters: bool = False,
) -> tuple[FloatArray, CodeArray]:
    """Turn cells as they stand into labels.

    Args:
        raw: (n, columns) numbers, NaN for missing.
        places: n of them.
        saw_letters: whether letters were among the cells, which leave no doubt about the scale.

    Returns:
        float32 (n, 18) intensities 0..5, NaN where there is none; int8 (n, 18) presence, -1 where
        it is not told.

    Raises:
        ScaleUnknownError: intensities may be on another scale than 0 to 5; nothing is guessed.
        CorpusError: a number is out of range; by line.
    """
    width = len(facs.SUPPORTED_AUS)
    intensity = np.full((len(raw), width), np.nan, np.float32)
    presence = np.full((len(raw), width), UNKNOWN, np.int8)
    numbered = list(enumerate(columns))
    intense = [(place, each) for place, each in numbered if each.kind == "intensity"]
    told = [(place, each) for place, each in numbered if each.kind == "presence"]
    for place, each in told:
        _check_presence(raw[:, place], each, places)
        presence[:, each.column] = np.nan_to_num(raw[:, place], nan=UNKNOWN).astype(np.int8)
    if intense:
        scale = options.scale or "0-5"
        values = raw[:, [place for place, _ in intense]]
        _check_range(values, [each for _, each in intense], places, options.scale)
        if options.scale is None and not saw_letters:
            _ask(raw, [(place, each) for place, each in intense if not each.states_scale], places)
        rescaled = np.clip(values * (facs.MAX_INTENSITY / _HIGHEST[scale]), 0, facs.MAX_INTENSITY)
        intensity[:, [each.column for _, each in intense]] = rescaled
    return intensity, presence


def only_zeros_and_ones(intensity: FloatArray) -> bool:
    """Whether all known intensities are 0 or 1, as presence would be, with both among them."""
    known = intensity[~np.isnan(intensity)]
    return bool(np.isin(known, (0, 1)).all() and len(np.unique(known)) == 2)


def _check_presence(values: RawArray, column: AuColumn, places: Sequence[Place]) -> None:
    wrong = np.flatnonzero(~np.isnan(values) & ~np.isin(values, (0, 1)))
    if len(wrong):
        place = places[int(wrong[0])]
        raise CorpusError(
            f"{column.name} is {values[wrong[0]]:g}; presence is 0 or 1", place.path, place.line
        )


def _check_range(
    values: RawArray, columns: Sequence[AuColumn], places: Sequence[Place], scale: Scale | None
) -> None:
    highest = _HIGHEST[scale or "0-5"]
    with np.errstate(invalid="ignore"):
        outside = (values < 0) | (values > highest + _ROUNDING) | np.isinf(values)
    if not outside.any():
        return
    row, column = (int(at[0]) for at in np.nonzero(outside))
    value, place = float(values[row, column]), places[row]
    said = f"{columns[column].name} is {value:g}; intensities go from 0 to {highest:g}"
    missing = f"if {value:g} stands for a missing one, name it with the option missing"
    if scale is not None:
        reason = f"{said} with the scale {scale}; {missing}"
        raise CorpusError(reason, place.path, place.line)
    known = np.unique(values[~np.isnan(values)])
    above = known[known > highest]
    if known[0] >= 0 and known[-1] <= _HIGHEST["0-100"] and len(above) > 1:
        raise ScaleUnknownError(
            f"{said}. If they go to 100, say so with the option scale, 0-100; {missing}",
            place.path,
            place.line,
        )
    raise CorpusError(f"{said}; {missing}", place.path, place.line)


def _ask(raw: RawArray, columns: Sequence[tuple[int, AuColumn]], places: Sequence[Place]) -> None:
    """Refuse numbers that reach 1 at most and have fractions: parts of 1, or all below A?"""
    if not columns:
        return
    values = raw[:, [place for place, _ in columns]]
    known = values[~np.isnan(values)]
    if not len(known) or known.max() > 1 or (known == np.floor(known)).all():
        return
    row, column = (int(at[0]) for at in np.nonzero(values == known.max()))
    raise ScaleUnknownError(
        f"the intensities go from {known.min():g} to {known.max():g} ({columns[column][1].name} "
        f"in line {places[row].line}). Say with the option scale whether 1 is the highest, 0-1, "
        "or the letter A, 0-5",
        places[row].path,
    )


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
