"""Forecasts that come true as often as they say are reliable, and others are not."""

from __future__ import annotations

import numpy as np
import pytest

from models.estimators.reliability import reliability, reliability_figure
from models.images import decode_image


def drawn_from(probabilities: np.ndarray, seed: int = 0) -> np.ndarray:
    """A level (N, A) drawn from each distribution (N, A, 6)."""
    rng = np.random.default_rng(seed)
    point = rng.random((*probabilities.shape[:2], 1))
    return np.asarray((probabilities.cumsum(-1) < point).sum(-1).clip(0, 5), np.float32)


def distributions(count: int, sharpness: float) -> np.ndarray:
    raw = np.random.default_rng(1).random((count, 2, 6)) ** sharpness
    return np.asarray(raw / raw.sum(-1, keepdims=True), np.float32)


def test_honest_forecasts_have_no_error() -> None:
    honest = distributions(20_000, 4)
    found = reliability(honest, drawn_from(honest))
    assert found.error < 0.01
    assert found.count.sum() == 20_000 * 2 * 5
    filled = found.count > 1_000
    np.testing.assert_allclose(found.observed[filled], found.forecast[filled], atol=0.04)


def test_overconfident_forecasts_have() -> None:
    honest = distributions(5_000, 1)
    bold = honest**4
    bold /= bold.sum(-1, keepdims=True)
    assert reliability(bold, drawn_from(honest)).error > 0.08


def test_a_forecast_by_hand() -> None:
    # P(above 0) = .5 and came true, P(above 1..4) = 0 and did not
    found = reliability(
        np.array([[[0.5, 0.5, 0, 0, 0, 0]]], np.float32), np.array([[1]], np.float32)
    )
    assert found.count[5] == 1
    assert found.observed[5] == 1
    assert found.count[0] == 4
    assert found.error == pytest.approx(0.5 / 5)


def test_unknown_labels_are_left_out() -> None:
    honest = distributions(50, 2)
    labels = drawn_from(honest)
    labels[:, 1] = np.nan
    assert reliability(honest, labels).count.sum() == 50 * 5
    with pytest.raises(ValueError, match="no label"):
        reliability(honest, np.full((50, 2), np.nan, np.float32))
    with pytest.raises(ValueError, match="for labels"):
        reliability(honest, labels[:10])


def test_the_figure_is_the_same_png_each_time() -> None:
    honest = distributions(500, 2)
    curve = reliability(honest, drawn_from(honest))
    content = reliability_figure({"one": curve})
    assert content == reliability_figure({"one": curve})
    assert decode_image(content).rgb.std() > 5
