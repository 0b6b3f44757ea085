"""Small GANs, and people to train them on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from models.generators.config import GanConfig, GeneratorConfig, Kind
from models.generators.networks import ResnetGenerator, initialise
from models.generators.pairs import PeopleFaces, PeoplePairs

AUS = ("AU06", "AU12")
SIZE = 32

# PyTorch 2.13 on a CPU has been seen to crash in the backward pass of 8 channels on several cores.
SMALL = GanConfig(
    GeneratorConfig(aus=AUS, size=SIZE, channels=16, blocks=1),
    steps=10,
    batch=4,
    critic_steps=2,
    learning_rate=1e-3,
    average=0.9,
    discriminator_channels=16,
    discriminator_layers=3,
    precision="float32",
    sample_every=0,
)


def small(kind: Kind = "ganimation", **changes: object) -> GanConfig:
    """`SMALL` for this kind of generator, with other changes."""
    return replace(SMALL, generator=replace(SMALL.generator, kind=kind), **changes)  # type: ignore[arg-type]


def small_network(config: GeneratorConfig = SMALL.generator, seed: int = 0) -> ResnetGenerator:
    """A generator with random weights that are large enough to draw something."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = ResnetGenerator(config)
        initialise(network)
        with torch.no_grad():
            for parameter in network.parameters():
                if parameter.ndim == 4:
                    parameter.mul_(4)
    return network


def bright_faces(people: int = 3, each: int = 6, seed: int = 0) -> PeopleFaces:
    """People whose upper half is as bright as their AU06, and whose lower half as AU12.

    The first two of each are photographs; the first is neutral.
    """
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(people), each)
    labels = rng.integers(0, 6, (len(person), 2)).astype(np.float32)
    labels[::each] = 0
    base = rng.integers(30, 60, (people, SIZE, SIZE, 3)).astype(np.float32)
    images = base[person]
    images[:, : SIZE // 2] += 30 * labels[:, 0, None, None, None]
    images[:, SIZE // 2 :] += 30 * labels[:, 1, None, None, None]
    images[:, 0, 0, 0] = np.arange(len(person))  # no two are alike
    real = np.arange(len(person)) % each < 2
    return PeopleFaces(AUS, images.astype(np.uint8), labels, person, real)


def bright_pairs() -> PeoplePairs:
    """Pairs of `bright_faces`."""
    return PeoplePairs(bright_faces())
