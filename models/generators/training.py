"""The loop that trains GANimation and StarGAN: from a script, a job or the command line.

It knows no queue: progress and abort are handed in. Everything random follows from (seed, step), so
a run that was stopped or killed goes on as if nothing had happened.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from models.checkpoints import CheckpointMismatchError, write_checkpoint
from models.estimators.training import Record
from models.fingerprint import fingerprint, insist_on_same_run
from models.generators.card import card
from models.generators.config import GanConfig
from models.generators.expression_reader import ExpressionReader
from models.generators.learned import LearnedGenerator
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
from models.generators.networks import Discriminator, Drawn, ResnetGenerator, blank, initialise
from models.generators.pairs import PairBatch, Pairs, UnfitPairsError
from models.generators.processes import Processes
from models.generators.run_files import RunFiles
from models.resumable import (
    Tensors,
    clone,
    move_average,
    optimizer_tensors,
    prefixed,
    read_state,
    restore_optimizer,
    under,
    write_state,
)

STATE: Final = "state.safetensors"
GENERATOR: Final = "generator"
EXPRESSIONS: Final = "expressions"
_KIND: Final = "facsimile.gan"
_SHOWN: Final = 4
"""Faces on a sheet of samples."""

ImageArray = npt.NDArray[np.uint8]
Losses = dict[str, torch.Tensor]


@dataclass(frozen=True, eq=False)
class TrainedGenerator:
    """What a run made: the generator, D_exp as an estimator, and the last losses by name."""

    generator: LearnedGenerator
    expressions: ExpressionReader
    losses: Mapping[str, float]


def train_generator(
    config: GanConfig,
    pairs: Pairs,
    folder: Path,
    *,
    name: str = "generator",
    device: torch.device | None = None,
    processes: Processes | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
    should_stop: Callable[[], bool] = lambda: False,
    log: Callable[[Record], None] = lambda record: None,
    save_seconds: float = 300.0,
    resume: bool = True,
) -> TrainedGenerator | None:
    """Train a generator, on from where `folder` was left.

    Args:
        config: what and how.
        pairs: what it learns from.
        folder: of the run; made where it is missing. The first process writes
            ``state.safetensors``, ``log.csv``, ``losses.png`` and ``samples/`` as it goes, and at
            the end the checkpoints ``generator/`` and ``expressions/``.
        name: in the card, and of the generator.
        device: where to train; the CPU by default. What comes back is on the CPU.
        processes: of several that train together, see `models.generators.processes.joined`.
        progress: told (done, total) after each step.
        should_stop: asked before each step (by several processes, where the generator is about to
            move again); True ends the run, to be resumed later.
        log: given a record whenever the generator moved.
        save_seconds: the state is kept so often: a killed run loses at most so much.
        resume: go on from the folder's state; else it is overwritten.

    Returns:
        What was trained; None if it was stopped.

    Raises:
        UnfitPairsError: the pairs are of other AUs or another size than `config` says.
        FloatingPointError: a loss is not a number any more.
        models.fingerprint.OtherRunError: the folder's state is of a run with another config or
            other pairs.
        models.checkpoints.CheckpointError: it is damaged, or processes see different ones.
        ValueError: the batch cannot be shared out to the processes.
    """
    _check(config, pairs)
    together = processes or Processes()
    folder.mkdir(parents=True, exist_ok=True)
    run = _Run(config, pairs, device or torch.device("cpu"), together)
    path = folder / STATE
    if resume and path.exists():
        run.restore(path)
    if not together.alike(run.step, run.device):
        raise CheckpointMismatchError(f"Processes find different states at {path}.")
    files = RunFiles(folder, run.step) if together.first else None
    saved = time.monotonic()
    while run.step < config.steps:
        # Agreeing takes all processes' answers, for which a GPU is waited for.
        asked = together.count == 1 or run.step % config.critic_steps == 0
        if asked and together.agreed(should_stop(), run.device):
            if together.first:
                run.save(path)
            return None
        losses = run.advance()
        if losses is not None:
            record = Record(run.step, config.rate(run.step - 1), losses, None)
            log(record)
            if files is not None:
                files.add(record)
        if files is not None:
            last = run.step == config.steps
            if config.sample_every and (run.step % config.sample_every == 0 or last):
                files.show(run.step, *run.samples())
            if time.monotonic() - saved >= save_seconds or last:
                run.save(path)
                saved = time.monotonic()
        progress(run.step, config.steps)
    trained = run.trained(name)
    if together.first:
        write_checkpoint(folder / GENERATOR, trained.generator.checkpoint(half=True))
        write_checkpoint(folder / EXPRESSIONS, trained.expressions.checkpoint())
    return trained


def _check(config: GanConfig, pairs: Pairs) -> None:
    if pairs.aus != config.generator.aus:
        raise UnfitPairsError(
            f"The pairs are of {', '.join(pairs.aus)}, the generator of "
            f"{', '.join(config.generator.aus)}."
        )
    if pairs.size != config.generator.size:
        raise UnfitPairsError(
            f"The pairs have {pairs.size} pixels a side, the generator {config.generator.size}."
        )


class _Run:
    """The moving parts of a run."""

    def __init__(
        self, config: GanConfig, pairs: Pairs, device: torch.device, processes: Processes
    ) -> None:
        self.config, self.pairs, self.device, self.processes = config, pairs, device, processes
        self.share = processes.share(config.batch)
        shape = config.generator
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(config.seed)
            self.generator = ResnetGenerator(shape)
            self.discriminator = Discriminator(
                len(shape.aus),
                shape.size,
                config.discriminator_channels,
                config.discriminator_layers,
            )
            for network in (self.generator, self.discriminator):
                initialise(network)
        for network in (self.generator, self.discriminator):
            network.to(device)
            nn.utils.convert_conv2d_weight_memory_format(network, torch.channels_last)
        self.draw: Callable[[torch.Tensor, torch.Tensor], Drawn] = (
            torch.compile(self.generator) if config.compile else self.generator
        )
        self.optimizers = {
            kind: torch.optim.Adam(
                network.parameters(), lr=config.learning_rate, betas=(0.5, 0.999), fused=True
            )
            for kind, network in self._networks().items()
        }
        self.average = clone(self.generator.state_dict())
        self.step = 0
        self.losses: dict[str, float] = {}
        # A run may go on with the rest of the configuration changed.
        decisive = replace(
            config, generator=replace(shape, lineage={}), compile=False, sample_every=0
        )
        self.fingerprint = fingerprint({"configuration": decisive, "data set to learn from": pairs})

    def _networks(self) -> dict[str, nn.Module]:
        return {"generator": self.generator, "discriminator": self.discriminator}

    def advance(self) -> dict[str, float] | None:
        """One step; losses by name if the generator moved in it."""
        batch = self.pairs.batch(self.step, self.config.batch, self.share, self.device)
        mixing = torch.Generator().manual_seed(self.config.seed * 1_000_003 + self.step)
        mix = torch.rand(self.config.batch, generator=mixing)[self.share].to(self.device)
        for optimizer in self.optimizers.values():
            for group in optimizer.param_groups:
                group["lr"] = self.config.rate(self.step)
        losses = self._move("discriminator", lambda: self._critic(batch, mix))
        self.step += 1
        if self.step % self.config.critic_steps:
            return None
        self.discriminator.requires_grad_(False)
        losses |= self._move("generator", lambda: self._generator(batch))
        self.discriminator.requires_grad_(True)
        move_average(
            self.average,
            self.generator,
            self.config.average,
            self.step // self.config.critic_steps,
        )
        self.losses = self.processes.mean(losses)
        if not all(math.isfinite(value) for value in self.losses.values()):
            raise FloatingPointError(f"the losses are {self.losses} at step {self.step}")
        return self.losses

    def _move(self, which: str, objective: Callable[[], tuple[torch.Tensor, Losses]]) -> Losses:
        optimizer, network = self.optimizers[which], self._networks()[which]
        optimizer.zero_grad(set_to_none=True)
        loss, parts = objective()
        torch.autograd.backward(loss)
        self.processes.average_gradients(network.parameters())
        optimizer.step()
        return {f"{which} {part}": value.detach() for part, value in parts.items()}

    def _critic(self, batch: PairBatch, mix: torch.Tensor) -> tuple[torch.Tensor, Losses]:
        """Eq. 5 for the discriminator; `mix` as `gradient_penalty` takes it."""
        weights, count = self.config.losses, len(batch.source)
        with self._autocast():
            with torch.no_grad():
                drawn = self.draw(batch.source, batch.target_aus).image.float()
            judged, read = self.discriminator(torch.cat([batch.real, drawn, batch.source]))
        on_real, on_drawn, _ = judged.float().split(count)
        parts = {
            "image": critic_image_loss(on_real, on_drawn),
            "penalty": gradient_penalty(
                lambda images: self.discriminator(images)[0], batch.real, drawn, mix
            ),
            "expression": expression_loss(read[-count:].float(), batch.source_aus),
        }
        total = (
            weights.image * (parts["image"] + weights.penalty * parts["penalty"])
            + weights.expression * parts["expression"]
        )
        return total, parts

    def _generator(self, batch: PairBatch) -> tuple[torch.Tensor, Losses]:
        """Eq. 5 for the generator."""
        weights = self.config.losses
        with self._autocast():
            drawn = self.draw(batch.source, batch.target_aus)
            judged, read = self.discriminator(drawn.image)
            returned = self.draw(drawn.image, batch.source_aus)
        parts = {
            "image": generator_image_loss(judged.float()),
            "expression": expression_loss(read.float(), batch.target_aus),
            "identity": identity_loss(returned.image, batch.source),
            "idiosyncratic": idiosyncratic_loss(
                drawn.image,
                batch.target,
                batch.has_target,
                batch.with_target / self.processes.count,
            ),
        }
        total = (
            weights.image * parts["image"]
            + weights.expression * parts["expression"]
            + weights.identity * parts["identity"]
            + weights.idiosyncratic * parts["idiosyncratic"]
        )
        if drawn.attention is not None and returned.attention is not None:
            both = torch.cat([drawn.attention, returned.attention])
            parts["attention"] = attention_loss(both)
            parts["smoothness"] = smoothness_loss(both)
            total = (
                total
                + weights.attention * parts["attention"]
                + weights.smoothness * parts["smoothness"]
            )
        return total, parts

    def _autocast(self) -> torch.autocast:
        return torch.autocast(
            self.device.type, torch.bfloat16, enabled=self.config.precision == "bfloat16"
        )

    def samples(self) -> tuple[list[list[ImageArray]], list[str]]:
        """A few pairs, always the same: source, what the averaged weights draw, the target."""
        network = self._averaged()
        batch = self.pairs.batch(0, _SHOWN, device=self.device)
        with torch.inference_mode(), self._autocast():
            drawn = network(batch.source, batch.target_aus).image
        columns = ["source", "drawn", "target"]
        pictures = [_to_images(part) for part in (batch.source, drawn, batch.target)]
        return [list(row) for row in zip(*pictures, strict=True)], columns

    def trained(self, name: str) -> TrainedGenerator:
        described = self.config.as_json()
        shape = self.config.generator
        lineage = {**shape.lineage, "training": {**described, "generator": None}}
        network = self._averaged().cpu()
        generator = LearnedGenerator.of(network, name, lineage=lineage)
        generator.card = card(name, generator.config, self.config, self.step, self.losses)
        expressions = ExpressionReader(shape.aus, self.discriminator.cpu(), shape.registration)
        return TrainedGenerator(generator, expressions, dict(self.losses))

    def _averaged(self) -> ResnetGenerator:
        network = blank(self.config.generator)
        network.load_state_dict(clone(self.average), assign=True)
        return network.eval()

    def save(self, path: Path) -> None:
        tensors: Tensors = prefixed("average.", self.average)
        for kind, network in self._networks().items():
            tensors |= prefixed(f"{kind}.", network.state_dict())
            tensors |= prefixed(f"{kind} optimizer.", optimizer_tensors(self.optimizers[kind]))
        facts = {
            "step": self.step,
            "losses": self.losses,
            "config": self.config.as_json(),
            "fingerprint": self.fingerprint,
        }
        write_state(path, _KIND, facts, tensors)

    def restore(self, path: Path) -> None:
        facts, tensors = read_state(path, _KIND)
        insist_on_same_run(self.fingerprint, facts.get("fingerprint", {}))
        for kind, network in self._networks().items():
            network.load_state_dict(under(f"{kind}.", tensors))
            restore_optimizer(self.optimizers[kind], under(f"{kind} optimizer.", tensors))
        average = under("average.", tensors)
        for name, value in self.average.items():
            value.copy_(average[name])
        self.step, self.losses = int(facts["step"]), dict(facts["losses"])


def _to_images(tensor: torch.Tensor) -> ImageArray:
    """(N, 3, H, W) in [-1, 1] -> uint8 (N, H, W, 3)."""
    scaled = ((tensor.float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
    return np.asarray(scaled.permute(0, 2, 3, 1).cpu().numpy())
