"""What people show: as often as asked for, together, and smoothly."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.simulated.behaviour import Behaviour, FloatArray, shown_over_time
from benchmarks.simulated.databases import A, B, DatabaseSpec
from benchmarks.simulated.recording import coded
from models.facs import SUPPORTED_AUS, level_indices

PEOPLE, FRAMES = 400, 60


def shown(behaviour: Behaviour, people: int = PEOPLE) -> FloatArray:
    rng = np.random.default_rng(3)
    return np.concatenate([shown_over_time(behaviour, FRAMES, rng) for _ in range(people)])


def shares(levels: np.ndarray, au: str) -> list[float]:
    """Of frames at A or more, at B or more and so on."""
    column = levels[:, SUPPORTED_AUS.index(au)]
    return [float((column >= level).mean()) for level in range(1, 6)]


@pytest.mark.parametrize("spec", [A, B], ids=["A", "B"])
def test_levels_are_as_frequent_as_asked_for(spec: DatabaseSpec) -> None:
    levels = level_indices(shown(spec.behaviour))
    climb = np.cumprod([1.0, *spec.behaviour.climb])
    for au in spec.coded:
        if au == "AU25":  # a dropped jaw parts lips that were shut
            continue
        rate = spec.behaviour.rates[au]
        np.testing.assert_allclose(shares(levels, au), rate * climb, rtol=0.15, atol=0.004)


def test_aus_keep_company() -> None:
    present = level_indices(shown(A.behaviour)) >= 1
    cheeks, corners, brows = (
        present[:, SUPPORTED_AUS.index(au)] for au in ("AU06", "AU12", "AU01")
    )
    assert cheeks[corners].mean() > 1.25 * cheeks.mean()
    assert abs(brows[corners].mean() - brows.mean()) < 0.04


def test_movements_rise_and_fall_over_several_frames() -> None:
    smooth = shown(Behaviour({"AU12": 0.3}, (0.6, 0.5, 0.5, 0.5), (), pace=3.0), people=60)
    column = smooth.reshape(60, FRAMES, -1)[:, :, SUPPORTED_AUS.index("AU12")]
    assert np.abs(np.diff(column, axis=1)).max() < 2.5
    assert np.abs(np.diff(column, axis=1)).mean() < 0.15 * column.std() + 0.15
    assert np.abs(column[:, 10:] - column[:, :-10]).mean() > 3 * np.abs(np.diff(column)).mean()


def test_what_is_not_asked_for_is_not_shown_and_jaws_part_lips() -> None:
    frames = shown(Behaviour({"AU26": 0.4}, (0.6, 0.5, 0.3, 0.2), ()), people=20)
    lips, jaw = SUPPORTED_AUS.index("AU25"), SUPPORTED_AUS.index("AU26")
    others = np.delete(frames, [lips, jaw], axis=1)
    assert not others.any()
    np.testing.assert_array_equal(frames[:, lips], frames[:, jaw])


def test_coders_write_whole_levels_of_what_they_look_for() -> None:
    frames = shown(A.behaviour, people=5)
    labels = coded(A, frames)
    looked_for = np.isin(SUPPORTED_AUS, A.coded)
    assert np.isnan(labels[:, ~looked_for]).all()
    known = labels[:, looked_for]
    np.testing.assert_array_equal(known, np.round(known))
    assert np.abs(known - frames[:, looked_for]).max() <= 0.505  # levels are of two decimals


def test_the_same_seed_shows_the_same() -> None:
    one, other = (shown_over_time(A.behaviour, 9, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(one, other)
