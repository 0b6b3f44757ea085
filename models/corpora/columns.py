"""Which columns of a table are labels of which AU, as Facsimile and its neighbours name them.

``AU12``, ``AU6`` and ``au_12`` are intensities; OpenFace writes ``AU12_r`` for intensity and
``AU12_c`` for presence, LibreFace ``au_12_intensity`` beside ``au_12`` for presence. Every column
that is not read is named, with the reason.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from models import facs
from models.corpora.codes import au_index
from models.corpora.errors import CorpusError
from models.corpora.options import Scale

Kind = Literal["intensity", "presence"]

_NAME: Final = re.compile(r"AU[ _-]?0*(?P<number>\d+)(?P<rest>\D*)\Z", re.IGNORECASE)
_INTENSITY: Final = frozenset({"_r", "r", "_intensity", "-intensity", " intensity"})
_PRESENCE: Final = frozenset(
    {"_c", "c", "_presence", "_present", "_occurrence", "_detection", "_detected"}
)
_SIDES: Final = frozenset({"L", "R", "_L", "_R", "_left", "_right"})
BLINK: Final = 45
EYES_CLOSED: Final = 43
_FEW: Final = 4
"""Names that differ in a number alone are all written out up to this many."""


@dataclass(frozen=True)
class AuColumn:
    """A column of labels.

    Attributes:
        name: as the table has it.
        cell: its place in a row.
        column: of its AU in the vocabulary.
        kind: what its cells say.
        states_scale: whether its name alone says that intensities go from 0 to 5.
    """

    name: str
    cell: int
    column: int
    kind: Kind
    states_scale: bool


@dataclass(frozen=True)
class AuColumns:
    """The columns of a table that are read, and what is to be said of the others."""

    read: tuple[AuColumn, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Named:
    name: str
    cell: int
    number: int
    rest: str


def is_au_column(name: str) -> bool:
    """Whether a column is called as one of labels, of any AU."""
    return _NAME.match(name.strip()) is not None


def au_columns(
    header: Sequence[str], path: Path, *, used: Collection[int] = (), scale: Scale | None = None
) -> AuColumns:
    """Find the columns of labels in a header.

    Args:
        used: places of columns that are read as something else.
        scale: ``presence`` makes plain columns say presence.

    Raises:
        CorpusError: there is none of a supported AU, or two for one.
    """
    named, others = _named(header, used)
    left_out: dict[str, list[str]] = defaultdict(list)
    notes: list[str] = []
    sided = [each for each in named if _is_side(each, named)]
    whole = [each for each in named if each not in sided]
    plain_kind = _plain_kind(whole, scale)
    has_closed = any(each.number == EYES_CLOSED for each in whole)
    columns: list[AuColumn] = []
    for each in whole:
        number = each.number
        if number == BLINK and not has_closed:
            number = EYES_CLOSED
        column = au_index(number)
        kind = plain_kind if not each.rest else _kind(each.rest)
        if number == BLINK:
            left_out["AU43 is there, and AU45 is the same of short duration"].append(each.name)
        elif column is None:
            left_out["of no AU that Facsimile draws"].append(each.name)
        elif kind is None:
            left_out["not known to be intensity or presence"].append(each.name)
        else:
            if each.number != number:
                notes.append(f"{each.name} (blink) was read as AU43 (eyes closed).")
            states_scale = kind == "intensity" and bool(each.rest) and scale is None
            columns.append(AuColumn(each.name, each.cell, column, kind, states_scale))
    for each in sided:
        left_out["of one side of the face alone"].append(each.name)
    if others:
        left_out["not labels of AUs"].extend(others)
    _check(columns, path, header)
    notes += _presence_notes(columns)
    notes += [
        f"Columns left out, {reason}: {summarised(names)}." for reason, names in left_out.items()
    ]
    return AuColumns(tuple(columns), tuple(notes))


def summarised(names: Iterable[str], *, aus: bool = False) -> str:
    """Names for a person to read; many that differ in a number alone are named by two of them.

    Columns of AUs are all named, unless `aus`.
    """
    families: dict[str, list[str]] = {}
    for name in names:
        families.setdefault(re.sub(r"\d+", "#", name), []).append(name)
    return ", ".join(
        ", ".join(family)
        if len(family) <= _FEW or (is_au_column(family[0]) and not aus)
        else f"{family[0]} to {family[-1]} ({len(family)} columns)"
        for family in families.values()
    )


def _named(header: Sequence[str], used: Collection[int]) -> tuple[list[_Named], list[str]]:
    named, others = [], []
    for cell, name in enumerate(header):
        match = _NAME.match(name)
        if cell in used:
            continue
        if match is None:
            others.append(name or f"column {cell + 1} without a name")
        else:
            named.append(_Named(name, cell, int(match["number"]), match["rest"]))
    return named, others


def _is_side(each: _Named, named: Iterable[_Named]) -> bool:
    """``AU12_R`` is the right side where there is an ``AU12_L``, and else an intensity."""
    if each.rest == "_R":
        return any(other.number == each.number and other.rest == "_L" for other in named)
    return each.rest in _SIDES or each.rest.lower() in ("_left", "_right")


def _plain_kind(named: Iterable[_Named], scale: Scale | None) -> Kind:
    """Beside columns that say ``intensity``, columns that say nothing are presence."""
    beside_intensity = any(each.rest.lower().endswith("intensity") for each in named)
    return "presence" if beside_intensity or scale == "presence" else "intensity"


def _kind(rest: str) -> Kind | None:
    if rest.lower() in _INTENSITY:
        return "intensity"
    return "presence" if rest.lower() in _PRESENCE else None


def _check(columns: Sequence[AuColumn], path: Path, header: Sequence[str]) -> None:
    counts = Counter((column.column, column.kind) for column in columns)
    for (column, kind), count in counts.items():
        if count > 1:
            names = [each.name for each in columns if (each.column, each.kind) == (column, kind)]
            raise CorpusError(
                f"has two columns for {facs.SUPPORTED_AUS[column]}: {', '.join(names)}", path, 1
            )
    if not columns:
        raise CorpusError(
            "has no column of a supported AU, such as AU12; its columns are "
            f"{summarised(name or '(no name)' for name in header) or 'none'}",
            path,
            1,
        )


def _presence_notes(columns: Sequence[AuColumn]) -> list[str]:
    intense = {each.column for each in columns if each.kind == "intensity"}
    beside = [each.name for each in columns if each.kind == "presence" and each.column in intense]
    alone = [
        each.name for each in columns if each.kind == "presence" and each.column not in intense
    ]
    notes = []
    if beside:
        notes.append(
            "Presence follows from intensity, so these columns are used only where their AU's "
            f"intensity is missing: {summarised(beside, aus=True)}."
        )
    if alone:
        notes.append(f"These columns tell presence alone, no intensity: {', '.join(alone)}.")
    return notes
