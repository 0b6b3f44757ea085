"""Each loss has the value its equation gives, and the gradient that follows from it."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

pytest.importorskip("torch", reason="torch is not installed")

import torch

from models.generators.losses import (
    attention_loss,
    critic_image_loss,
    expression_loss,
    generator_image_loss,
    gradient_penalty,
    identity_loss,
    idiosyncratic_loss,
    smoothness_loss,
)


def doubles(*shape: int, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, generator=generator, dtype=torch.float64).requires_grad_()


HALF = torch.tensor([True, False, True])
MEANT = torch.tensor([[0.2, math.nan], [1.0, 0.0], [math.nan, 0.4]], dtype=torch.float64)


@pytest.mark.parametrize(
    ("loss", "inputs"),
    [
        (critic_image_loss, (doubles(3, 1, 2, 2), doubles(3, 1, 2, 2, seed=1))),
        (generator_image_loss, (doubles(3, 1, 2, 2),)),
        (lambda read: expression_loss(read, MEANT), (doubles(3, 2),)),
        (identity_loss, (doubles(3, 3, 4, 4), doubles(3, 3, 4, 4, seed=1))),
        (
            lambda drawn, target: idiosyncratic_loss(drawn, target, HALF),
            (doubles(3, 3, 4, 4), doubles(3, 3, 4, 4, seed=1)),
        ),
        (attention_loss, (doubles(3, 1, 4, 4),)),
        (smoothness_loss, (doubles(3, 1, 4, 4),)),
    ],
)
def test_gradients(loss: Callable[..., torch.Tensor], inputs: tuple[torch.Tensor, ...]) -> None:
    assert torch.autograd.gradcheck(loss, inputs)


def test_the_gradient_of_the_penalty_by_the_critics_weights() -> None:
    real, drawn = doubles(2, 3, 4, 4).detach(), doubles(2, 3, 4, 4, seed=1).detach()
    mix = torch.tensor([0.3, 0.8], dtype=torch.float64)

    def penalty(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
        def critic(images: torch.Tensor) -> torch.Tensor:
            inner = torch.tanh(torch.nn.functional.conv2d(images, first, stride=2))
            return torch.nn.functional.conv2d(inner, second)

        return gradient_penalty(critic, real, drawn, mix)

    assert torch.autograd.gradcheck(penalty, (doubles(4, 3, 2, 2), doubles(1, 4, 1, 1)))


def test_the_penalty_of_a_critic_whose_gradient_is_known() -> None:
    """D(J) = a * sum(J) / patches has a gradient of norm a * sqrt(pixels) everywhere."""
    pixels, slope = 3 * 4 * 4, 0.5
    expected = (slope * math.sqrt(pixels) - 1) ** 2

    def critic(images: torch.Tensor) -> torch.Tensor:
        whole = slope * images.sum(dim=(1, 2, 3), keepdim=True)
        return whole.expand(-1, 1, 2, 2)  # four patches that say the same

    found = gradient_penalty(critic, torch.zeros(2, 3, 4, 4), torch.ones(2, 3, 4, 4), torch.rand(2))
    assert float(found) == pytest.approx(expected, rel=1e-6)


def test_values() -> None:
    ones, zeros = torch.ones(2, 1, 2, 2), torch.zeros(2, 1, 2, 2)
    assert float(critic_image_loss(on_real=3 * ones, on_drawn=ones)) == -2
    assert float(generator_image_loss(3 * ones)) == -3
    read = torch.tensor([[0.0, 0.5], [0.5, 0.5]])
    assert float(expression_loss(read, torch.tensor([[1.0, 0.5], [0.5, 0.0]]))) == 1.25 / 4
    assert float(expression_loss(read, torch.tensor([[1.0, math.nan], [0.5, math.nan]]))) == 0.5
    assert float(identity_loss(ones, -ones)) == 2
    some = torch.tensor([True, False])
    assert float(idiosyncratic_loss(torch.stack([ones[0], 9 * ones[1]]), zeros, some)) == 1
    assert float(idiosyncratic_loss(ones, zeros, torch.zeros(2, dtype=torch.bool))) == 0
    assert float(idiosyncratic_loss(ones, zeros, torch.ones(2, dtype=torch.bool), 8.0)) == 0.25
    assert float(attention_loss(ones)) == 0
    assert float(attention_loss(zeros)) == 1
    step = torch.tensor([[[[0.0, 1.0], [0.0, 1.0]]]])
    assert float(smoothness_loss(step)) == 2


def test_processes_with_unlike_shares_of_targets_average_to_the_whole() -> None:
    drawn = torch.arange(4.0)[:, None, None, None]
    has = torch.tensor([True, True, True, False])
    whole = idiosyncratic_loss(drawn, torch.zeros_like(drawn), has)
    halves = [
        idiosyncratic_loss(drawn[part], torch.zeros(2, 1, 1, 1), has[part], count=3 / 2)
        for part in (slice(0, 2), slice(2, 4))
    ]
    assert float(whole) == 1
    assert float(sum(halves) / 2) == pytest.approx(1)
