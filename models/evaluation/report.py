"""What an evaluation found, as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Figure:
    """A value and its interval over people; NaN where undefined.

    Attributes:
        low, high: the middle 95 % of the value over people drawn with replacement.
    """

    value: float
    low: float
    high: float

    def as_json(self) -> dict[str, float | None]:
        """Plain values; null for what is undefined."""
        return {name: _number(value) for name, value in vars(self).items()}


Figures = Mapping[str, Figure]
"""A figure of each of `tallies.MEASURES`."""


@dataclass(frozen=True, eq=False)
class ActionUnit:
    """How one AU is read: frames with a known intensity, figures and the confusion of levels."""

    frames: int
    figures: Figures
    confusion: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Person:
    """How one person is read, averaged over the AUs where it is defined."""

    name: str
    frames: int
    icc: float
    mae: float
    f1: float
    mae_by_au: Mapping[str, float]


@dataclass(frozen=True)
class Group:
    """How some of the people are read."""

    people: int
    frames: int
    mean: Figures


@dataclass(frozen=True, eq=False)
class Evaluation:
    """What `evaluate` found.

    Attributes:
        frames, people: how many of each were read.
        mean: over AUs, of those that are defined.
        undefined: by measure, how many AUs the mean leaves out.
        aus: by AU.
        persons: by person, in the order of the table's subjects.
        groups: by grouping and group.
        notes: what a reader of the figures should know.
    """

    frames: int
    people: int
    mean: Figures
    undefined: Mapping[str, int]
    aus: Mapping[str, ActionUnit]
    persons: Sequence[Person]
    groups: Mapping[str, Mapping[str, Group]]
    notes: Sequence[str] = field(default_factory=tuple)

    def as_json(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {
            "frames": self.frames,
            "people": self.people,
            "mean": _json(self.mean),
            "undefined": dict(self.undefined),
            "aus": {
                au: {
                    "frames": row.frames,
                    **_json(row.figures),
                    "confusion": row.confusion.tolist(),
                }
                for au, row in self.aus.items()
            },
            "persons": [
                {
                    "subject": person.name,
                    "frames": person.frames,
                    "icc": _number(person.icc),
                    "mae": _number(person.mae),
                    "f1": _number(person.f1),
                    "mae_by_au": {au: _number(value) for au, value in person.mae_by_au.items()},
                }
                for person in self.persons
            ],
            "groups": {
                grouping: {
                    name: {"people": group.people, "frames": group.frames, **_json(group.mean)}
                    for name, group in groups.items()
                }
                for grouping, groups in self.groups.items()
            },
            "notes": list(self.notes),
        }


def _json(figures: Figures) -> dict[str, dict[str, float | None]]:
    return {name: figure.as_json() for name, figure in figures.items()}


def _number(value: float) -> float | None:
    return round(value, 4) if np.isfinite(value) else None
