"""What the CUDA graph draws is what the network draws."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch", reason="torch is not installed")

import torch

from models.generators.fast import FastGenerator
from models.generators.graphed import GraphedGenerator
from models.generators.learned import LearnedGenerator
from tests.support.faces import calm, target
from tests.support.gans import SMALL, small_network

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")


def test_batches_of_any_size_are_drawn_as_without_the_graph() -> None:
    device = torch.device("cuda")
    fast = FastGenerator(small_network().to(device))
    graphed = GraphedGenerator(fast, batch=4)
    rng = torch.Generator().manual_seed(0)
    config = SMALL.generator
    for count in (4, 1, 3):
        source = torch.rand((count, 3, config.size, config.size), generator=rng) * 2 - 1
        aus = torch.rand((count, len(config.aus)), generator=rng)
        with torch.inference_mode():
            drawn = graphed(source.to(device), aus.to(device))
            plain = fast(source.to(device), aus.to(device))
        torch.testing.assert_close(drawn, plain, atol=1e-4, rtol=0)
    with pytest.raises(ValueError, match="batch of 4"):
        graphed(torch.zeros(5, 3, config.size, config.size), torch.zeros(5, len(config.aus)))


def test_a_gpu_draws_as_a_processor_does() -> None:
    wanted = target(AU12="E")[None].repeat(20, axis=0)
    config = SMALL.generator
    there, here = (
        LearnedGenerator(config, small_network().to(place), "x", precision="float32")
        for place in ("cuda", "cpu")
    )
    one, other = (made.generate([calm()] * 20, wanted).astype(int) for made in (there, here))
    # convolutions of a GPU may round to TF32
    assert np.abs(one - other).mean() < 1
