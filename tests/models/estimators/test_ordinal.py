"""Ordered levels: the loss by hand, its gradient, and distributions that are distributions."""

from __future__ import annotations

import math

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed")

import torch

from models.estimators.ordinal import (
    class_probabilities,
    cumulative,
    expected_intensity,
    ordinal_loss,
)


def test_loss_by_hand() -> None:
    # level B is above 0 and 1 and not above 2, 3, 4; sigmoid(1) = .7311
    logits = torch.tensor([[[1.0, 1.0, -1.0, 1.0, -1.0]]])
    right, wrong = -math.log(0.7310586), -math.log(1 - 0.7310586)
    found = float(ordinal_loss(logits, torch.tensor([[2.0]])))
    assert found == pytest.approx((4 * right + wrong) / 5, abs=1e-5)


def test_labels_that_are_not_known_cost_nothing() -> None:
    logits = torch.randn(3, 2, 5, generator=torch.Generator().manual_seed(0))
    labels = torch.tensor([[1.0, torch.nan], [4.0, torch.nan], [0.0, torch.nan]])
    assert float(ordinal_loss(logits, labels)) == pytest.approx(
        float(ordinal_loss(logits[:, :1], labels[:, :1])), abs=1e-6
    )
    unknown = torch.full((3, 2), torch.nan)
    assert float(ordinal_loss(logits, unknown)) == 0


def test_bounds_ask_only_what_is_sure() -> None:
    # between B and E: above 0 and 1 is sure, the rest is not
    logits = torch.tensor([[[0.0, 0.0, 50.0, -50.0, 9.0]]])
    found = float(ordinal_loss(logits, torch.tensor([[2.0]]), torch.tensor([[5.0]])))
    assert found == pytest.approx(math.log(2), abs=1e-5)


def test_gradient_in_double_precision() -> None:
    generator = torch.Generator().manual_seed(1)
    logits = torch.randn(2, 3, 5, generator=generator, dtype=torch.float64, requires_grad=True)
    labels = torch.tensor([[0.0, 2.25, torch.nan], [5.0, 3.0, 1.0]], dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda x: ordinal_loss(x, labels), (logits,))


def test_probabilities_are_a_distribution_and_never_negative() -> None:
    logits = torch.randn(50, 4, 5, generator=torch.Generator().manual_seed(2)) * 4
    found = class_probabilities(logits)
    assert found.shape == (50, 4, 6)
    assert float(found.min()) >= 0
    torch.testing.assert_close(found.sum(-1), torch.ones(50, 4))
    above = cumulative(logits)
    assert bool((above[..., 1:] <= above[..., :-1]).all())
    torch.testing.assert_close(above, torch.cummin(torch.sigmoid(logits), -1).values)


def test_expected_intensity_is_the_mean_of_the_levels() -> None:
    logits = torch.randn(9, 5, generator=torch.Generator().manual_seed(3))
    mean = class_probabilities(logits) @ torch.arange(6.0)
    torch.testing.assert_close(expected_intensity(logits), mean)
    sure = torch.tensor([[40.0, 40, 40, -40, -40]])
    np.testing.assert_allclose(expected_intensity(sure).numpy(), [3.0], atol=1e-6)


def test_shapes_must_fit() -> None:
    with pytest.raises(ValueError, match="logits"):
        ordinal_loss(torch.zeros(2, 3, 6), torch.zeros(2, 3))
