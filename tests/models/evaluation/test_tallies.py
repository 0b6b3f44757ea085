"""Figures from sums over people are those of the frames themselves."""

from __future__ import annotations

import numpy as np
import pytest

from models.evaluation.tallies import MEASURES, THRESHOLDS, resamples, tally
from models.facs import presence, printed
from models.metrics import f1, icc31, mae, two_afc

PEOPLE = 5


def _frames(seed: int = 3, count: int = 400) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    true = rng.integers(0, 6, count).astype(np.float32)
    read = np.clip(true * 0.7 + rng.normal(0.4, 0.9, count), 0, 5).astype(np.float32)
    true[rng.random(count) < 0.1] = np.nan
    coded = np.where(np.isnan(true), -1, presence(true)).astype(np.int8)
    return {
        "true": true,
        "coded": coded,
        "read": printed(read),
        "present": presence(read),
        "person": rng.integers(0, PEOPLE, count).astype(np.int32),
    }


def _reference(frames: dict[str, np.ndarray], people: list[int]) -> dict[str, float]:
    """The figures of the frames of some people, each as often as named, frame by frame."""
    rows = np.concatenate([np.flatnonzero(frames["person"] == person) for person in people])
    rows = rows[~np.isnan(frames["true"][rows])]
    true, read = frames["true"][rows], frames["read"][rows]
    return {
        "icc": icc31(true, read),
        "mae": mae(true, read),
        "f1": f1(true, read),
        **{f"two_afc_{level.lower()}": two_afc(true, read, level) for level in THRESHOLDS},
    }


@pytest.mark.parametrize("people", [[0, 1, 2, 3, 4], [2], [0, 0, 3, 3, 3, 4]])
def test_measures_are_those_of_the_frames(people: list[int]) -> None:
    frames = _frames()
    weights = np.bincount(people, minlength=PEOPLE).astype(np.float64)[None]
    measured = tally(**frames, people=PEOPLE).measures(weights)
    expected = _reference(frames, people)
    assert set(measured) == set(MEASURES) == set(expected)
    for name, value in expected.items():
        assert measured[name][0] == pytest.approx(value, abs=1e-6), name
        assert 0.1 < value < 0.95, "the reference is no identity"


def test_presence_alone_counts_for_f1_and_nothing_else() -> None:
    frames = _frames()
    unknown = np.isnan(frames["true"])
    alone = tally(**frames, people=PEOPLE).measures(np.ones((1, PEOPLE)))
    frames["coded"] = np.where(unknown, 1, frames["coded"]).astype(np.int8)
    more = tally(**frames, people=PEOPLE).measures(np.ones((1, PEOPLE)))
    assert more["f1"][0] != alone["f1"][0]
    assert more["icc"][0] == alone["icc"][0]


def test_what_is_undefined_is_nan() -> None:
    frames = _frames()
    frames["true"][:] = 0
    frames["coded"][:] = 0
    frames["read"][:] = 0
    frames["present"][:] = False
    measured = tally(**frames, people=PEOPLE).measures(np.ones((1, PEOPLE)))
    assert np.isnan(measured["icc"][0])
    assert np.isnan(measured["f1"][0])
    assert np.isnan(measured["two_afc_a"][0])
    assert measured["mae"][0] == 0
    nobody = tally(**frames, people=PEOPLE).measures(np.zeros((1, PEOPLE)))
    assert all(np.isnan(values[0]) for values in nobody.values())


def test_resamples_draw_people_with_replacement() -> None:
    weights = resamples([1, 2, 4], PEOPLE, count=200, seed=7)
    assert weights[0].tolist() == [0, 1, 1, 0, 1]
    assert (weights.sum(axis=1) == 3).all()
    assert (weights[:, [0, 3]] == 0).all()
    assert weights[1:].std() > 0.5
    assert (weights == resamples([1, 2, 4], PEOPLE, count=200, seed=7)).all()
    assert (weights != resamples([1, 2, 4], PEOPLE, count=200, seed=8)).any()
