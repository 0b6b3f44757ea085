"""How fast learned generators draw and train, beside the same networks written plainly.

Run as ``python -m benchmarks.generators``; prints Markdown: medians of repeated runs, with the
fastest and the slowest tenth. Both sides run in turns in the same process, on the same inputs and
weights. What is drawn does not matter for speed, so weights and images are random.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from time import perf_counter, process_time
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from benchmarks.machine import described
from models.generators.config import GanConfig, GeneratorConfig, Precision
from models.generators.instance_norm import InstanceNorm
from models.generators.learned import LearnedGenerator, fastest
from models.generators.losses import (
    critic_image_loss,
    expression_loss,
    generator_image_loss,
    gradient_penalty,
    identity_loss,
    idiosyncratic_loss,
)
from models.generators.networks import Discriminator, ResnetGenerator, initialise
from models.generators.pairs import PeopleFaces, PeoplePairs
from models.generators.training import train_generator

ImageArray = npt.NDArray[np.uint8]
FloatArray = npt.NDArray[np.float32]

Clock = Callable[[], float]

BATCH: Final = 16
"""Of drawing."""
CYCLE: Final = 5
"""Steps of the discriminator for each of the generator."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--size", type=int, default=224)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--train-size", type=int, default=64, help="side of the images to train on")
    parser.add_argument("--train-channels", type=int, default=32)
    parser.add_argument("--train-batch", type=int, default=8)
    parser.add_argument("--what", choices=("drawing", "training", "both"), default="both")
    parser.add_argument(
        "--cpu-time",
        action="store_true",
        help="count the processor's seconds, not the clock's: for one thread on a busy machine",
    )
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    options = parser.parse_args()
    device = torch.device(options.device)
    torch.set_num_threads(options.threads)
    clock = process_time if options.cpu_time else perf_counter
    print(f"{described()} torch {torch.__version__}, {options.threads} threads.\n")
    if options.cpu_time:
        print("Seconds are the processor's, summed over threads.\n")
    print("| what | median images/s | slowest-fastest tenth | times plain |\n|---|---|---|---|")
    if options.what != "training":
        _drawing(options.size, options.rounds, clock, device)
    if options.what != "drawing":
        shape = options.train_size, options.train_channels, options.train_batch
        _training(*shape, options.rounds, clock, device)


def _drawing(size: int, rounds: int, clock: Clock, device: torch.device) -> None:
    config = GeneratorConfig(size=size)
    torch.manual_seed(0)
    network = ResnetGenerator(config)
    initialise(network)
    network.to(device)
    plain = plainly(network).to(device)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (BATCH, size, size, 3), np.uint8)
    aus = rng.random((BATCH, len(config.aus)), np.float32)
    ways: dict[str, Callable[[], object]] = {
        "plain, float32": partial(draw_plainly, plain, images, aus)
    }
    precisions: tuple[Precision, ...] = ("float32", "bfloat16")
    for precision in precisions:
        if precision == "float32" or fastest(device) == precision:
            generator = LearnedGenerator(config, network, "", precision=precision)
            draw = _one_by_one if device.type == "cpu" else LearnedGenerator.draw
            ways[precision] = partial(draw, generator, images, aus)
    _report(f"drawing at {size}, batch {BATCH}", _in_turns(ways, BATCH, rounds, clock))


def _training(
    size: int, channels: int, batch: int, rounds: int, clock: Clock, device: torch.device
) -> None:
    config = GanConfig(
        GeneratorConfig(size=size, channels=channels),
        steps=CYCLE * (rounds + 1),
        batch=batch,
        critic_steps=CYCLE,
        discriminator_channels=channels,
        discriminator_layers=5,
        precision="float32",
        sample_every=0,
    )
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (32, size, size, 3), np.uint8)
    labels = rng.integers(0, 6, (32, len(config.generator.aus))).astype(np.float32)
    person, real = np.arange(32) // 4, np.ones(32, np.bool_)
    pairs = PeoplePairs(PeopleFaces(config.generator.aus, images, labels, person, real))
    _report(
        f"training at {size}, {channels} channels, batch {config.batch}",
        {
            name: _rates(config, partial(work, made, pairs, device), clock)
            for name, work, made in (
                ("plain, float32", _train_plainly, config),
                ("float32", _train, config),
                ("bfloat16", _train, replace(config, precision="bfloat16")),
            )
        },
    )


def _rates(
    config: GanConfig, work: Callable[[Callable[[], None]], None], clock: Clock
) -> list[float]:
    """Pairs a second of each five steps of the discriminator with one of the generator.

    `work` calls what it is given after each step; the first cycle is not counted.
    """
    ticks: list[float] = []
    work(lambda: ticks.append(clock()))
    ends = np.array(ticks[CYCLE - 1 :: CYCLE])
    return list(CYCLE * config.batch / np.diff(ends))


def _train(
    config: GanConfig, pairs: PeoplePairs, device: torch.device, tick: Callable[[], None]
) -> None:
    # Where the generator has moved its losses are read, so a GPU is done when a cycle ends.
    with tempfile.TemporaryDirectory() as folder:
        train_generator(
            config, pairs, Path(folder), device=device, progress=lambda done, total: tick()
        )


def _train_plainly(
    config: GanConfig, pairs: PeoplePairs, device: torch.device, tick: Callable[[], None]
) -> None:
    """The same steps by the same losses, with nothing done for speed."""
    shape, weights = config.generator, config.losses
    network = ResnetGenerator(shape)
    initialise(network)
    generator = plainly(network).to(device)
    discriminator = Discriminator(
        len(shape.aus), shape.size, config.discriminator_channels, config.discriminator_layers
    )
    initialise(discriminator)
    discriminator.to(device)
    optimizers = [
        torch.optim.Adam(network.parameters(), lr=config.learning_rate, betas=(0.5, 0.999))
        for network in (generator, discriminator)
    ]
    for step in range(config.steps):
        batch = pairs.batch(step, config.batch, device=device)
        source, target, real = (
            images.contiguous() for images in (batch.source, batch.target, batch.real)
        )
        drawn = generator(source, batch.target_aus).image.detach()
        mix = torch.rand(config.batch, device=device)
        penalty = gradient_penalty(lambda images: discriminator(images)[0], real, drawn, mix)
        judged = critic_image_loss(discriminator(real)[0], discriminator(drawn)[0])
        read = expression_loss(discriminator(source)[1], batch.source_aus)
        _move(optimizers[1], judged + weights.penalty * penalty + weights.expression * read)
        if (step + 1) % config.critic_steps == 0:
            made = generator(source, batch.target_aus)
            judged, answered = discriminator(made.image)
            returned = generator(made.image, batch.source_aus)
            _move(
                optimizers[0],
                generator_image_loss(judged)
                + weights.expression * expression_loss(answered, batch.target_aus)
                + weights.identity * identity_loss(returned.image, source)
                + idiosyncratic_loss(made.image, target, batch.has_target),
            )
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        tick()


def _move(optimizer: torch.optim.Optimizer, loss: torch.Tensor) -> None:
    optimizer.zero_grad()
    torch.autograd.backward(loss)
    optimizer.step()


def plainly(network: ResnetGenerator) -> ResnetGenerator:
    """The same network as its authors wrote it: PyTorch's instance norm, channels first."""
    copy = ResnetGenerator(network.config)
    copy.load_state_dict(network.state_dict())
    for module in list(copy.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, InstanceNorm):
                norm = nn.InstanceNorm2d(len(child.weight), affine=True)
                norm.load_state_dict(child.state_dict())
                setattr(module, name, norm)
    return copy


def draw_plainly(network: ResnetGenerator, images: ImageArray, aus: FloatArray) -> ImageArray:
    """A batch, with nothing done for speed but leaving gradients out."""
    device = network.stem.weight.device
    levels = torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2))).to(device)
    with torch.no_grad():
        drawn = network(levels.float() / 127.5 - 1, torch.from_numpy(aus).to(device)).image
    grey = ((drawn + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).cpu()
    return np.asarray(grey.permute(0, 2, 3, 1).numpy())


def _one_by_one(generator: LearnedGenerator, images: ImageArray, aus: FloatArray) -> ImageArray:
    """As `LearnedGenerator.generate` does it on a CPU."""
    rows = [slice(index, index + 1) for index in range(len(images))]
    return np.concatenate([generator.draw(images[row], aus[row]) for row in rows])


def _in_turns(
    ways: Mapping[str, Callable[[], object]], count: int, rounds: int, clock: Clock
) -> dict[str, list[float]]:
    """Items a second of each way, after one run each to warm up."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for work in ways.values():
        work()
    for _ in range(rounds):
        for name, work in ways.items():
            start = clock()
            work()
            taken[name].append(count / (clock() - start))
    return taken


def _report(what: str, rates: Mapping[str, list[float]]) -> None:
    first = np.median(next(iter(rates.values())))
    for name, values in rates.items():
        low, middle, high = np.quantile(values, [0.1, 0.5, 0.9])
        print(
            f"| {what}, {name} | {middle:.2f} | {low:.2f}-{high:.2f} | {middle / first:.1f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
