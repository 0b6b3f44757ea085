"""The networks have the published shape, take any AUs, and hear what they are told."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed")

import torch

from models.facs import SUPPORTED_AUS
from models.generators.config import GeneratorConfig, Kind
from models.generators.fast import FastGenerator
from models.generators.networks import Discriminator, ResnetGenerator
from tests.support.gans import SMALL, small_network

pytestmark = pytest.mark.usefixtures("one_thread")


def noise(count: int, height: int, width: int | None = None, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(count, 3, height, width or height, generator=generator) * 2 - 1


@pytest.mark.parametrize("kind", ["ganimation", "stargan"])
@pytest.mark.parametrize("aus", [("AU12",), ("AU12L", "AU12R", "AU04"), SUPPORTED_AUS])
def test_any_aus(kind: Kind, aus: tuple[str, ...]) -> None:
    config = GeneratorConfig(kind, aus, size=32, channels=16, blocks=1)
    drawn = small_network(config)(noise(2, 32), torch.rand(2, len(aus)))
    assert drawn.image.shape == (2, 3, 32, 32)
    assert (drawn.attention is None) == (kind == "stargan")
    with pytest.raises(ValueError, match=str(len(aus))):
        small_network(config)(noise(2, 32), torch.rand(2, len(aus) + 1))


def test_the_published_size() -> None:
    """8.5 and 44.9 million parameters, with 17 AUs at 128 pixels, as published."""
    with torch.device("meta"):
        generator = ResnetGenerator(GeneratorConfig(aus=SUPPORTED_AUS[:17], size=128))
        discriminator = Discriminator(17, 128)
    assert sum(p.numel() for p in generator.parameters()) == pytest.approx(8.5e6, rel=0.01)
    assert sum(p.numel() for p in discriminator.parameters()) == pytest.approx(44.9e6, rel=0.01)


def test_the_image_is_colour_where_attention_says_so() -> None:
    network, source = small_network(), noise(1, 32)
    with torch.inference_mode():
        drawn = network(source, torch.rand(1, 2))
    assert drawn.attention is not None
    colour = (drawn.image - drawn.attention * source) / (1 - drawn.attention)
    assert float(colour.abs().max()) <= 1 + 1e-4
    assert 0 < float(drawn.attention.min()) <= float(drawn.attention.max()) < 1


def test_what_it_is_told_reaches_the_middle_only_without_a_norm_behind_the_first_layer() -> None:
    """An instance norm takes away what a constant plane adds, all but the rim of 3 pixels."""
    source = noise(1, 64)

    def heard(stem_norm: bool) -> float:
        network = small_network(replace(SMALL.generator, size=64, stem_norm=stem_norm))
        inner = []
        network.requires_grad_(False)
        for told in (torch.zeros(1, 2), torch.ones(1, 2)):
            planes = told[:, :, None, None].expand(-1, -1, 64, 64)
            x = network.stem(torch.cat([source, planes], 1))
            x = x if network.stem_norm is None else network.stem_norm(x)
            inner.append(torch.relu(x)[:, :, 3:-3, 3:-3])
        spread = float(inner[0].std())
        return float((inner[1] - inner[0]).abs().mean()) / spread

    assert heard(stem_norm=False) > 0.3
    assert heard(stem_norm=True) < 0.1


def test_both_heads_of_the_discriminator() -> None:
    image, aus = Discriminator(5, 48, channels=16, layers=3)(noise(2, 48))
    assert image.shape == (2, 1, 6, 6)
    assert aus.shape == (2, 5)


@pytest.mark.parametrize("kind", ["ganimation", "stargan"])
@pytest.mark.parametrize("stem_norm", [False, True])
@pytest.mark.parametrize("size", [(16, 16), (32, 24)])
def test_the_fast_one_computes_the_same(kind: Kind, stem_norm: bool, size: tuple[int, int]) -> None:
    network = small_network(replace(SMALL.generator, kind=kind, stem_norm=stem_norm))
    source, aus = noise(3, *size), torch.tensor([[0.0, 1.0], [0.4, 0.2], [1.0, 0.0]])
    with torch.inference_mode():
        expected = network(source, aus).image
        found = FastGenerator(network)(source, aus)
    torch.testing.assert_close(found, expected, atol=2e-5, rtol=0)
    assert float((expected - source).abs().mean()) > 0.05  # it draws something


def test_bfloat16_stays_within_its_tolerance() -> None:
    """Of weights and images at random, which is harder on it than those of faces."""
    network = small_network(replace(SMALL.generator, size=64, channels=32, blocks=6))
    source, aus = noise(2, 64), torch.tensor([[0.3, 1.0], [1.0, 0.0]])
    with torch.inference_mode():
        exact = FastGenerator(network)(source, aus)
        coarse = FastGenerator(network, torch.bfloat16)(source, aus)
    difference = (127.5 * (coarse - exact)).abs().numpy()
    assert 0 < np.mean(difference) < 2
    assert np.quantile(difference, 0.999) < 16
