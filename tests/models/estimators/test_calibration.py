"""Temperatures undo what made probabilities dishonest, and live in the layers themselves."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="torch is not installed")
import torch

from models.estimators.calibration import put_in, temperatures
from tests.support.estimators import small_network


def test_overconfidence_is_measured() -> None:
    generator = torch.Generator().manual_seed(0)
    strength = torch.randn(4000, 2, 1, generator=generator) * 2
    honest = strength - torch.tensor([0.0, 1, 2, 3, 4])
    point = torch.rand(4000, 2, 1, generator=generator)
    labels = (torch.sigmoid(honest) > point).sum(-1).float()
    found = temperatures(honest * torch.tensor([1.0, 3.0])[:, None], labels)
    torch.testing.assert_close(found, torch.tensor([1.0, 3.0]), atol=0, rtol=0.1)


def test_layers_carry_the_temperatures() -> None:
    network = small_network().eval()
    features = torch.randn(3, network.feature_count, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        alone = network.logits(features)
        beside = network.logits(features, features[:1])
        put_in(network, torch.tensor([2.0, 1.0]), torch.tensor([1.0, 4.0]))
        by = torch.tensor([2.0, 1.0])[:, None]
        torch.testing.assert_close(network.logits(features), alone / by)
        by = torch.tensor([1.0, 4.0])[:, None]
        torch.testing.assert_close(network.logits(features, features[:1]), beside / by)
