"""Intensity, level and presence can never disagree."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from models import facs
from models.estimators.estimates import Estimates, concatenated


def _of(*rows: list[float]) -> Estimates:
    return Estimates(("AU12",), np.array([[row] for row in rows], np.float32))


def test_a_sure_level_is_its_intensity() -> None:
    found = _of([1, 0, 0, 0, 0, 0], [0, 0, 0, 1, 0, 0], [0, 0, 0, 0, 0, 1])
    np.testing.assert_allclose(found.intensities[:, 0], [0, 3, 5])
    assert found.levels[:, 0].tolist() == [0, 3, 5]
    assert found.presence()[:, 0].tolist() == [False, True, True]
    np.testing.assert_allclose(found.column("AU12"), [0, 3, 5])


def test_the_intensity_is_the_median_of_the_levels_spread_evenly() -> None:
    # above -.5: 1, above .5: .6, above 1.5: .1; the median lies .1/.5 into level A
    found = _of([0.4, 0.5, 0.1, 0, 0, 0], [0.8, 0, 0, 0, 0, 0.2], [0.5, 0.5, 0, 0, 0, 0])
    np.testing.assert_allclose(found.intensities[:, 0], [0.7, 0.125, 0.5], atol=1e-6)
    assert found.levels[:, 0].tolist() == [1, 0, 1]
    assert found.presence()[:, 0].tolist() == [True, False, True]


@given(st.lists(st.floats(0.001, 1), min_size=6, max_size=6))
def test_level_and_presence_follow_from_what_is_printed(weights: list[float]) -> None:
    found = _of([weight / sum(weights) for weight in weights])
    entry = found.as_dicts()[0]["AU12"]
    written = json.loads(json.dumps(entry))["intensity"]
    read = min(math.floor(written + 0.5), 5)
    assert entry["level"] == facs.LEVELS[read]
    assert entry["present"] == (read >= 1)
    assert found.levels[0, 0] == read
    assert bool(found.presence()[0, 0]) == entry["present"]
    assert written == pytest.approx(float(found.intensities[0, 0]), abs=0.005 + 1e-6)
    assert len(entry["probabilities"]) == 6


@given(st.lists(st.floats(0.001, 1), min_size=6, max_size=6))
def test_an_au_is_present_where_that_is_at_least_as_likely_as_not(weights: list[float]) -> None:
    found = _of([weight / sum(weights) for weight in weights])
    above = found.probabilities[0, 0, ::-1].cumsum()[::-1][1:]
    assume((np.abs(above - 0.5) > 0.01).all())  # what two decimals may round over
    assert found.levels[0, 0] == (above > 0.5).sum()
    assert bool(found.presence()[0, 0]) == (above[0] > 0.5)


def test_joined_estimates_keep_their_order() -> None:
    one, two = _of([1, 0, 0, 0, 0, 0]), _of([0, 1, 0, 0, 0, 0])
    assert concatenated([one, two]).intensities[:, 0].tolist() == [0, 1]
    with pytest.raises(ValueError, match="same AUs"):
        concatenated([one, Estimates(("AU06",), two.probabilities)])


def test_shapes_and_names_are_checked() -> None:
    with pytest.raises(ValueError, match="expected"):
        Estimates(("AU12", "AU06"), np.zeros((3, 1, 6), np.float32))
    with pytest.raises(KeyError, match="AU06"):
        _of([1, 0, 0, 0, 0, 0]).column("AU06")
