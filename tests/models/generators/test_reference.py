"""The loop does what Niinuma et al. (2022, eq. 1 to 5) print, against a second writing of it.

Everything is written down again here, term by term and without the product's losses: a term that
is dropped, taught the wrong labels or shown the wrong images changes gradients and weights.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed")

import torch
from torch import nn

from models.generators.config import LossWeights
from models.generators.networks import Discriminator, ResnetGenerator, initialise
from models.generators.training import STATE, train_generator
from models.resumable import read_state, under
from tests.support.gans import bright_pairs, small

pytestmark = pytest.mark.usefixtures("one_thread")

PAIRS = bright_pairs()
STEPS = 6
CONFIG = small(
    steps=STEPS,
    losses=LossWeights(
        image=1.0, penalty=10.0, expression=2e3, identity=5.0, idiosyncratic=5.0,
        attention=1.0, smoothness=1e-2,
    ),
)  # fmt: skip
"""Weights with which every term has a say in the first steps from weights at random."""
BATCH, EVERY, RATE = 4, 2, 1e-3
Weights = dict[str, torch.Tensor]


def same(value: nn.Module) -> Weights:
    return {name: tensor.detach().clone() for name, tensor in value.state_dict().items()}


def gradients(network: nn.Module) -> Weights:
    return {name: p.grad.clone() for name, p in network.named_parameters() if p.grad is not None}


@dataclass
class Reference:
    """The state after each step, by hand."""

    critic: list[Weights]
    critic_gradient: list[Weights]
    generator: list[Weights]
    generator_gradient: list[Weights]
    average: Weights


@cache
def reference() -> Reference:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(CONFIG.seed)
        drawing, judging = ResnetGenerator(CONFIG.generator), Discriminator(2, 32, 16, 3)
        for network in (drawing, judging):
            initialise(network)
    adams = [torch.optim.Adam(one.parameters(), RATE, (0.5, 0.999)) for one in (drawing, judging)]
    out = Reference([same(judging)], [], [same(drawing)], [], same(drawing))
    moves = 0
    for step in range(STEPS):
        for adam in adams:  # constant for two thirds, then in a line to 0
            adam.param_groups[0]["lr"] = RATE * (1.0 if step <= 4 else 3 * (1 - step / STEPS))
        batch = PAIRS.batch(step, BATCH)
        mixing = torch.Generator().manual_seed(CONFIG.seed * 1_000_003 + step)
        mix = torch.rand(BATCH, generator=mixing)[:, None, None, None]

        with torch.no_grad():
            fake = drawing(batch.source, batch.target_aus).image
        between = (mix * batch.real + (1 - mix) * fake).requires_grad_(True)
        (slope,) = torch.autograd.grad(
            judging(between)[0].mean((1, 2, 3)).sum(), between, create_graph=True
        )
        length = slope.square().sum((1, 2, 3)).sqrt()
        loss = (
            1.0 * (judging(fake)[0].mean() - judging(batch.real)[0].mean())
            + 10.0 * ((length - 1) ** 2).mean()
            + 2e3 * ((judging(batch.source)[1] - batch.source_aus) ** 2).mean()
        )
        adams[1].zero_grad()
        torch.autograd.backward(loss)
        out.critic_gradient.append(gradients(judging))
        adams[1].step()
        out.critic.append(same(judging))
        if (step + 1) % EVERY:
            continue

        drawn = drawing(batch.source, batch.target_aus)
        back = drawing(drawn.image, batch.source_aus)
        real_or_not, read = judging(drawn.image)
        own = batch.has_target
        assert drawn.attention is not None
        assert back.attention is not None
        attention = torch.cat([drawn.attention, back.attention])
        down = (attention[:, :, 1:] - attention[:, :, :-1]) ** 2
        across = (attention[..., 1:] - attention[..., :-1]) ** 2
        loss = (
            1.0 * -real_or_not.mean()
            + 2e3 * ((read - batch.target_aus) ** 2).mean()
            + 5.0 * (back.image - batch.source).abs().mean()
            + 5.0 * (drawn.image[own] - batch.target[own]).abs().mean()
            + 1.0 * ((1 - attention) ** 2).mean()
            + 1e-2 * (down.sum() + across.sum()) / (2 * BATCH)
        )
        adams[0].zero_grad()
        torch.autograd.backward(loss)
        out.generator_gradient.append(gradients(drawing))
        adams[0].step()
        out.generator.append(same(drawing))
        moves += 1
        share = 1 - min(CONFIG.average, (1 + moves) / (10 + moves))
        for name, value in drawing.state_dict().items():
            out.average[name] = (1 - share) * out.average[name] + share * value
    return out


def apart(found: Weights, expected: Weights, start: Weights | None = None) -> float:
    """How far `found` is from `expected`, as a share of how far that is from `start` (or 0)."""
    assert found.keys() == expected.keys()
    start = start or {name: torch.zeros_like(value) for name, value in expected.items()}
    return distance(found, expected) / distance(expected, start)


def distance(one: Weights, other: Weights) -> float:
    return math.sqrt(sum(float((one[name] - other[name]).square().sum()) for name in one))


def stopped_after(steps: int, folder: Path) -> Weights:
    """The state of a run that was stopped there."""
    asked = iter(range(100))
    train_generator(CONFIG, PAIRS, folder, should_stop=lambda: next(asked) == steps)
    return read_state(folder / STATE, "facsimile.gan")[1]


def moments(network: nn.Module, which: str, tensors: Weights) -> Weights:
    """Adam's first moments by the names of parameters; after one step half the gradient."""
    held = under(f"{which} optimizer.", tensors)
    return {
        name: held[f"{number}.exp_avg"]
        for number, (name, _) in enumerate(network.named_parameters())
    }


def test_the_gradient_of_the_critic_is_that_of_equation_5(tmp_path: Path) -> None:
    tensors = stopped_after(1, tmp_path)
    found = moments(Discriminator(2, 32, 16, 3), "discriminator", tensors)
    expected = {name: value / 2 for name, value in reference().critic_gradient[0].items()}
    assert apart(found, expected) < 1e-4


def test_the_gradient_of_the_generator_is_that_of_equation_5(tmp_path: Path) -> None:
    tensors = stopped_after(2, tmp_path)
    found = moments(ResnetGenerator(CONFIG.generator), "generator", tensors)
    expected = {name: value / 2 for name, value in reference().generator_gradient[0].items()}
    assert apart(found, expected) < 5e-3


def test_after_several_steps_all_weights_are_where_they_belong(tmp_path: Path) -> None:
    """Both networks, the average that is kept, the rate that falls, and what a run gives back."""
    made = train_generator(CONFIG, PAIRS, tmp_path)
    assert made is not None
    tensors, by_hand = read_state(tmp_path / STATE, "facsimile.gan")[1], reference()
    start = (by_hand.critic[0], by_hand.generator[0])
    assert apart(under("discriminator.", tensors), by_hand.critic[-1], start[0]) < 0.02
    assert apart(under("generator.", tensors), by_hand.generator[-1], start[1]) < 0.02
    assert apart(under("average.", tensors), by_hand.average, start[1]) < 0.02
    assert apart(same(made.generator.network), by_hand.average, start[1]) < 0.02
    assert apart(same(made.expressions.network), by_hand.critic[-1], start[0]) < 0.02
