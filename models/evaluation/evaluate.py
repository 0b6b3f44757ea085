"""The figures of an estimator on labelled frames of people it did not learn from."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from models import facs
from models.corpora.table import LabelTable
from models.evaluation.groups import Groups
from models.evaluation.report import ActionUnit, Evaluation, Figure, Figures, Group, Person
from models.evaluation.tallies import MEASURES, Tally, resamples, tally
from models.metrics import confusion

FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]
DoubleArray = npt.NDArray[np.float64]

RESAMPLES: Final = 1000
LEVEL: Final = 0.95
FEW_PEOPLE: Final = 10
"""Intervals over fewer people than this are too narrow, and the report says so."""


@dataclass(frozen=True, eq=False)
class Readings:
    """What one estimator read of N frames.

    Attributes:
        aus: the A AUs it reads.
        intensities: float32 (N, A), 0..5.
        present: bool (N, A), by the estimator's own rule of presence.
    """

    aus: tuple[str, ...]
    intensities: FloatArray
    present: BoolArray

    def __post_init__(self) -> None:
        expected = (len(self.intensities), len(self.aus))
        if self.intensities.shape != expected or self.present.shape != expected:
            raise ValueError(
                f"expected readings {expected}, got {self.intensities.shape} intensities and "
                f"{self.present.shape} presences"
            )


def evaluate(
    table: LabelTable,
    readings: Readings,
    groups: Groups | None = None,
    *,
    count: int = RESAMPLES,
    seed: int = 0,
) -> Evaluation:
    """Hold what was read against what was coded.

    AUs that nobody coded are left out, and so are AUs that the estimator does not read; the notes
    name both. 2AFC and ICC are over frames with a known intensity, F1 also over frames where
    only presence was coded.

    Args:
        table: labels of the N frames that were read.
        readings: of the same frames in the same order.
        groups: of people, to report on one by one.
        count: how often people are drawn again for the intervals.
        seed: of that.

    Raises:
        ValueError: there are not as many readings as frames, or none of the AUs is coded.
    """
    tallies = _tallies(table, readings)
    weights = _everybody(table, count, seed)
    rows = {
        au: ActionUnit(
            int(table.known[:, facs.SUPPORTED_AUS.index(au)].sum()),
            _figures(each.measures(weights)),
            _confusion(table, readings, au),
        )
        for au, each in tallies.items()
    }
    means = _means(tallies, weights)
    undefined = {
        name: int(sum(np.isnan(row.figures[name].value) for row in rows.values()))
        for name in MEASURES
    }
    return Evaluation(
        frames=len(table),
        people=len(_present(table)),
        mean=_figures(means),
        undefined=undefined,
        aus=rows,
        persons=_persons(table, tallies),
        groups=_groups(table, tallies, groups, count, seed),
        notes=_notes(table, readings, tallies),
    )


def compare(
    table: LabelTable,
    first: Readings,
    second: Readings,
    *,
    count: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, Figures]:
    """By AU and for their ``mean``: figures of the first less those of the second, paired.

    Both are taken on the same frames and the same draws of people, so that what makes a person
    hard to read for both drops out. Of AUs that only one of them reads there is none.

    Raises:
        ValueError: they have no coded AU in common, or are of other frames.
    """
    shared = tuple(au for au in first.aus if au in second.aus)
    if not shared:
        raise ValueError("the two estimators read no AU in common")
    one, other = (_tallies(table, _only(readings, shared)) for readings in (first, second))
    weights = _everybody(table, count, seed)
    apart = {au: _differences(one[au].measures(weights), other[au].measures(weights)) for au in one}
    mean = _differences(_means(one, weights), _means(other, weights))
    return {"mean": _figures(mean), **{au: _figures(values) for au, values in apart.items()}}


def _tallies(table: LabelTable, readings: Readings) -> dict[str, Tally]:
    if len(readings.intensities) != len(table):
        raise ValueError(f"{len(readings.intensities)} readings of {len(table)} frames")
    coded = _coded(table)
    found = {}
    for column, au in enumerate(facs.SUPPORTED_AUS):
        if au not in coded or au not in readings.aus:
            continue
        place = readings.aus.index(au)
        found[au] = tally(
            table.intensity[:, column],
            table.occurrence[:, column],
            readings.intensities[:, place],
            readings.present[:, place],
            table.subject,
            len(table.subjects),
        )
    if not found:
        raise ValueError("none of the AUs that are read is coded in these frames")
    return found


def _constant(table: LabelTable, au: str) -> bool:
    values = table.intensity[:, facs.SUPPORTED_AUS.index(au)]
    known = values[~np.isnan(values)]
    return bool(len(known)) and float(np.ptp(known)) == 0.0


def _coded(table: LabelTable) -> tuple[str, ...]:
    """AUs with an intensity or a presence in at least one frame."""
    said = np.asarray(table.occurrence >= 0, np.bool_)
    return tuple(au for au, column in zip(facs.SUPPORTED_AUS, said.T, strict=True) if column.any())


def _present(table: LabelTable) -> list[int]:
    return [int(index) for index in np.unique(table.subject)]


def _everybody(table: LabelTable, count: int, seed: int) -> DoubleArray:
    return resamples(_present(table), len(table.subjects), count, seed)


def _means(tallies: Mapping[str, Tally], weights: DoubleArray) -> dict[str, DoubleArray]:
    each = [one.measures(weights) for one in tallies.values()]
    with warnings.catch_warnings():
        # Where no AU is defined there is no mean, and NaN says so.
        warnings.filterwarnings("ignore", "Mean of empty slice", RuntimeWarning)
        return {
            name: np.asarray(np.nanmean([values[name] for values in each], axis=0))
            for name in MEASURES
        }


def _figures(values: Mapping[str, DoubleArray]) -> dict[str, Figure]:
    return {name: _figure(samples) for name, samples in values.items()}


def _figure(samples: DoubleArray) -> Figure:
    value, drawn = float(samples[0]), samples[1:]
    defined = drawn[~np.isnan(drawn)]
    if np.isnan(value) or len(defined) < 2 or float(np.ptp(defined)) == 0.0:
        # Nobody was drawn but the same people: there is no interval to speak of.
        return Figure(value, float("nan"), float("nan"))
    edge = (1 - LEVEL) / 2
    low, high = np.quantile(defined, [edge, 1 - edge])
    return Figure(value, float(low), float(high))


def _differences(
    first: Mapping[str, DoubleArray], second: Mapping[str, DoubleArray]
) -> dict[str, DoubleArray]:
    return {name: first[name] - second[name] for name in MEASURES}


def _confusion(table: LabelTable, readings: Readings, au: str) -> npt.NDArray[np.int64]:
    column, place = facs.SUPPORTED_AUS.index(au), readings.aus.index(au)
    known = table.known[:, column]
    return confusion(table.intensity[known, column], readings.intensities[known, place])


def _persons(table: LabelTable, tallies: Mapping[str, Tally]) -> list[Person]:
    alone = np.eye(len(table.subjects))
    measured = {au: each.measures(alone) for au, each in tallies.items()}
    means = _means(tallies, alone)
    frames = np.bincount(table.subject, minlength=len(table.subjects))
    return [
        Person(
            name=table.subjects[index],
            frames=int(frames[index]),
            icc=float(means["icc"][index]),
            mae=float(means["mae"][index]),
            f1=float(means["f1"][index]),
            mae_by_au={au: float(values["mae"][index]) for au, values in measured.items()},
        )
        for index in _present(table)
    ]


def _groups(
    table: LabelTable, tallies: Mapping[str, Tally], groups: Groups | None, count: int, seed: int
) -> dict[str, dict[str, Group]]:
    if groups is None:
        return {}
    here = set(_present(table))
    frames = np.bincount(table.subject, minlength=len(table.subjects))
    found: dict[str, dict[str, Group]] = {}
    for grouping in groups.by_name:
        for name, members in groups.people(grouping, table.subjects).items():
            people = [index for index in members if index in here]
            if not people:
                continue
            weights = resamples(people, len(table.subjects), count, seed)
            found.setdefault(grouping, {})[name] = Group(
                len(people), int(frames[people].sum()), _figures(_means(tallies, weights))
            )
    return found


def _only(readings: Readings, aus: tuple[str, ...]) -> Readings:
    places = [readings.aus.index(au) for au in aus]
    return Readings(aus, readings.intensities[:, places], readings.present[:, places])


def _notes(table: LabelTable, readings: Readings, tallies: Mapping[str, Tally]) -> list[str]:
    unread = [au for au in _coded(table) if au not in readings.aus]
    uncoded = [au for au in readings.aus if au not in tallies]
    notes = []
    if unread:
        notes.append(f"Coded, but not read by this model: {', '.join(unread)}.")
    if uncoded:
        notes.append(f"Read, but not coded in these frames: {', '.join(uncoded)}.")
    constant = [au for au in tallies if _constant(table, au)]
    if constant:
        notes.append(
            f"Coded at one intensity alone, so that ICC says nothing: {', '.join(constant)}."
        )
    people = len(_present(table))
    if people < FEW_PEOPLE:
        notes.append(
            f"Intervals over {people} {'person' if people == 1 else 'people'} are too narrow; "
            f"{FEW_PEOPLE} or more are wanted."
        )
    return notes
