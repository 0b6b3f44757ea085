"""Intensity, level and presence can never disagree."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
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


@given(st.lists(st.floats(0.001, 1), min_size=6, max_size=6), st.sampled_from([0.5, 1, 2, 3]))
def test_level_and_presence_follow_from_intensity(weights: list[float], limit: float) -> None:
    found = _of([weight / sum(weights) for weight in weights])
    intensity = float(found.intensities[0, 0])
    entry = found.as_dicts(limit)[0]["AU12"]
    assert entry["level"] == facs.level(intensity)
    assert facs.LEVELS[found.levels[0, 0]] == entry["level"]
    assert entry["present"] == facs.is_present(intensity, limit)
    assert bool(found.presence(limit)[0, 0]) == entry["present"]
    assert entry["intensity"] == pytest.approx(intensity, abs=6e-4)
    assert len(entry["probabilities"]) == 6


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
