"""How well a network reads people of one kind and another: by skin, gender and age."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from models.evaluation.skin import skin_group, typology_angle
from models.metrics import icc31, mean_defined, per_column
from scripts.train_compact.photographs import Photographs

FloatArray = npt.NDArray[np.float32]
_YOUNG: Final = 30
_RESAMPLES: Final = 300


def groups_of(data: Path, photographs: Photographs) -> dict[str, dict[int, str]]:
    """By kind of group, the group of each person (row of `photographs`) who has one.

    Skin is measured in the neutral photograph; gender and age are what the London Set says.
    """
    with (data / "london" / "people.csv").open(newline="") as file:
        told = {f"london-{row['id']}": row for row in csv.DictReader(file)}
    out: dict[str, dict[int, str]] = {"skin": {}, "gender": {}, "age": {}}
    for row, name in enumerate(photographs.names):
        skin = skin_group([typology_angle(photographs.neutral[row])])
        if skin is not None:
            out["skin"][row] = skin
        if name not in told:
            continue
        out["gender"][row] = told[name]["gender"]
        age = told[name]["age"]
        if age.isdigit():
            out["age"][row] = f"under {_YOUNG}" if int(age) < _YOUNG else f"{_YOUNG} and over"
    return out


def by_group(
    labels: FloatArray,
    person: npt.NDArray[np.int64],
    readings: Mapping[str, FloatArray],
    groups: Mapping[str, Mapping[int, str]],
) -> dict[str, Any]:
    """Mean ICC(3,1) over AUs by group and way of reading, with 95 % intervals over people."""
    out: dict[str, Any] = {}
    for kind, of in groups.items():
        for group in sorted(set(of.values())):
            people = [one for one in np.unique(person).tolist() if of.get(one) == group]
            if not people:
                continue
            row: dict[str, Any] = {"people": len(people)}
            for name, read in readings.items():
                row[name] = _icc(labels, read, person, people)
                row[f"{name} 95%"] = _interval(labels, read, person, people)
            out[f"{kind}: {group}"] = row
    return out


def _icc(
    labels: FloatArray, read: FloatArray, person: npt.NDArray[np.int64], people: list[int]
) -> float:
    rows = np.concatenate([np.flatnonzero(person == one) for one in people])
    return round(mean_defined(per_column(icc31, labels[rows], read[rows])).value, 3)


def _interval(
    labels: FloatArray, read: FloatArray, person: npt.NDArray[np.int64], people: list[int]
) -> list[float] | None:
    if len(people) < 3:
        return None
    rng = np.random.default_rng(0)
    values = [
        _icc(labels, read, person, rng.choice(people, len(people)).tolist())
        for _ in range(_RESAMPLES)
    ]
    return [round(float(value), 3) for value in np.quantile(values, [0.025, 0.975])]
