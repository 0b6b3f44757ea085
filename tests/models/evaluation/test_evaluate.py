"""Evaluations: figures, intervals over people, groups, and two models on the same frames."""

from __future__ import annotations

import json

import numpy as np
import pytest

from models import facs
from models.corpora.table import LabelTable, label_table
from models.evaluation.evaluate import Readings, compare, evaluate
from models.evaluation.groups import Groups
from models.metrics import icc31, mae

AUS = ("AU06", "AU12")
PEOPLE, EACH = 12, 30


def _table(seed: int = 0) -> LabelTable:
    rng = np.random.default_rng(seed)
    intensity = np.full((PEOPLE * EACH, len(facs.SUPPORTED_AUS)), np.nan, np.float32)
    for au in ("AU04", *AUS):
        intensity[:, facs.SUPPORTED_AUS.index(au)] = rng.integers(0, 6, len(intensity))
    return label_table(intensity, [f"P{index // EACH:02d}" for index in range(len(intensity))])


def _readings(
    table: LabelTable, noise: float, aus: tuple[str, ...] = AUS, worse_for: tuple[int, ...] = ()
) -> Readings:
    rng = np.random.default_rng(5)
    columns = [facs.SUPPORTED_AUS.index(au) for au in aus]
    true = np.nan_to_num(table.intensity[:, columns], nan=1.0)
    spread = np.where(np.isin(table.subject, worse_for), 4 * noise, noise)[:, None]
    read = np.clip(true + rng.normal(size=true.shape) * spread, 0, 5).astype(np.float32)
    return Readings(aus, read, facs.presence(read))


def test_figures_are_those_of_the_frames() -> None:
    table = _table()
    readings = _readings(table, 0.6)
    found = evaluate(table, readings, count=50)
    assert (found.frames, found.people) == (PEOPLE * EACH, PEOPLE)
    for column, au in enumerate(AUS):
        true = table.intensity[:, facs.SUPPORTED_AUS.index(au)]
        row = found.aus[au]
        assert row.frames == PEOPLE * EACH
        assert row.figures["icc"].value == pytest.approx(
            icc31(true, readings.intensities[:, column]), abs=1e-3
        )
        assert row.confusion.sum() == PEOPLE * EACH
        assert row.figures["icc"].low < row.figures["icc"].value < row.figures["icc"].high
    means = [found.aus[au].figures["icc"].value for au in AUS]
    assert found.mean["icc"].value == pytest.approx(np.mean(means))
    assert found.notes == [
        "Coded, but not read by this model: AU04.",
    ]


def test_persons_are_read_one_by_one() -> None:
    table = _table()
    readings = _readings(table, 0.5, worse_for=(3,))
    found = evaluate(table, readings, count=20)
    worst = max(found.persons, key=lambda person: person.mae)
    assert worst.name == "P03"
    mine = table.subject == 3
    true = table.intensity[mine, facs.SUPPORTED_AUS.index("AU12")]
    assert worst.mae_by_au["AU12"] == pytest.approx(
        mae(true, readings.intensities[mine, 1]), abs=1e-3
    )


def test_intervals_are_over_people_and_wider_than_over_frames() -> None:
    """Where people differ and their frames do not, drawing frames would see no spread."""
    table = _table()
    spoilt = _readings(table, 0.3, worse_for=(0, 1, 2))
    even = _readings(table, 0.3)

    def width(readings: Readings) -> float:
        figure = evaluate(table, readings, count=300).mean["mae"]
        return figure.high - figure.low

    assert width(spoilt) > 3 * width(even)


def test_groups_are_read_apart() -> None:
    table = _table()
    groups = Groups(
        {"gender": {name: ("woman" if name < "P06" else "man") for name in table.subjects}}
    )
    found = evaluate(table, _readings(table, 0.4, worse_for=(6, 7, 8)), groups, count=50)
    men, women = found.groups["gender"]["man"], found.groups["gender"]["woman"]
    assert (men.people, women.people, men.frames) == (6, 6, 6 * EACH)
    assert women.mean["icc"].value > men.mean["icc"].value + 0.1


def test_two_models_are_compared_on_the_same_people() -> None:
    table = _table()
    good, bad = _readings(table, 0.3), _readings(table, 0.9, aus=("AU12", "AU25"))
    apart = compare(table, good, bad, count=200)
    assert set(apart) == {"mean", "AU12"}
    assert apart["AU12"]["icc"].low > 0
    assert apart["AU12"]["mae"].high < 0
    same = compare(table, good, good, count=50)
    assert same["AU12"]["icc"].value == 0


def test_few_people_are_said_and_one_has_no_interval() -> None:
    table = _table()
    one = table.take(table.subject == 0)
    found = evaluate(one, _readings(one, 0.5), count=50)
    assert any("1 person" in note for note in found.notes)
    assert np.isnan(found.mean["icc"].low)
    assert found.as_json()["mean"]["icc"]["low"] is None


def test_it_is_plain_json() -> None:
    table = _table()
    groups = Groups({"gender": {"P00": "woman"}})
    plain = evaluate(table, _readings(table, 0.5), groups, count=20).as_json()
    again = json.loads(json.dumps(plain, allow_nan=False))
    assert again == plain
    assert again["aus"]["AU12"]["confusion"][5][5] > 0


def test_what_does_not_fit_is_refused() -> None:
    table = _table()
    with pytest.raises(ValueError, match="readings of"):
        evaluate(table.take(np.arange(10)), _readings(table, 0.5))
    with pytest.raises(ValueError, match="none of the AUs"):
        evaluate(table, _readings(table, 0.5, aus=("AU43",)))
    with pytest.raises(ValueError, match="no AU in common"):
        compare(table, _readings(table, 0.5), _readings(table, 0.5, aus=("AU43",)))
