"""The one loop that trains estimators: from a script, a job or the command line.

It knows neither queue nor files: progress, abort, validation and the keeping of its state are
handed in.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeVar

import torch
from torch import nn

from models.fingerprint import fingerprint, insist_on_same_run
from models.resumable import (
    clone,
    move_average,
    optimizer_tensors,
    prefixed,
    restore_optimizer,
    under,
)

Precision = Literal["float32", "bfloat16", "float16"]
_DTYPES: Mapping[str, torch.dtype] = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}


@dataclass(frozen=True)
class TrainingConfig:
    """How a network is trained.

    Attributes:
        steps: batches in all.
        learning_rate: at its height, after `warmup` steps from 0; then it falls along a half
            cosine to 0 at `steps` if `cosine`, else stays.
        decoupled_decay: AdamW's weight decay; 0 is plain Adam.
        average: decay per step of the running mean of weights that is validated and returned;
            0 for the weights themselves.
        clip: largest norm of the gradient; 0 for any.
        precision: of the forward pass (autocast); weights stay float32. float16 scales the loss.
        validate_every: steps between validations; 0 for none.
        patience: validations without a better score after which training stops; 0 for never.
        keep_last: return the last weights instead of the best validated.
        seed: of dropout.
    """

    steps: int
    learning_rate: float
    warmup: int = 0
    cosine: bool = False
    decoupled_decay: float = 0.0
    average: float = 0.0
    clip: float = 0.0
    precision: Precision = "float32"
    validate_every: int = 0
    patience: int = 0
    keep_last: bool = False
    seed: int = 0

    def rate(self, step: int) -> float:
        """The learning rate of a step, counted from 0."""
        rising = min(1.0, (step + 1) / self.warmup) if self.warmup else 1.0
        falling = 0.5 * (1 + math.cos(math.pi * step / self.steps)) if self.cosine else 1.0
        return self.learning_rate * rising * falling


@dataclass
class TrainingState:
    """Everything a run needs to go on at the exact step it was left at.

    Attributes:
        step: steps done.
        best_score, best_step, stale: of validation; `stale` counts validations since the best.
        tensors: by prefix ``network.``, ``average.``, ``best.``, ``optimizer.`` and ``scaler.``.
        fingerprint: of what the run learns from; see `models.fingerprint`.
    """

    step: int = 0
    best_score: float = -math.inf
    best_step: int = 0
    stale: int = 0
    tensors: dict[str, torch.Tensor] = field(default_factory=dict)
    fingerprint: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Record:
    """A line of the log: the step, the rate, losses by name, and the score if one was taken."""

    step: int
    rate: float
    losses: Mapping[str, float]
    score: float | None


@dataclass(frozen=True, eq=False)
class TrainingResult:
    """How a run ended. The network holds the weights of `step`."""

    finished: bool
    step: int
    score: float
    state: TrainingState


class Movable(Protocol):
    """A batch of any kind."""

    def moved(self: B, device: torch.device) -> B:
        """The same batch on a device."""
        ...


B = TypeVar("B", bound=Movable)
B_co = TypeVar("B_co", bound=Movable, covariant=True)


class BatchesOf(Protocol[B_co]):
    """Batches by step, as `models.estimators.faces.Batches`, of any kind."""

    def batch(self, step: int) -> B_co:
        """The batch of a step."""
        ...


def train(
    network: nn.Module,
    objective: Callable[[nn.Module, B], tuple[torch.Tensor, dict[str, float]]],
    batches: BatchesOf[B],
    config: TrainingConfig,
    *,
    parameters: Sequence[nn.Parameter] | None = None,
    validate: Callable[[nn.Module], float] | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
    should_stop: Callable[[], bool] = lambda: False,
    log: Callable[[Record], None] = lambda record: None,
    save: Callable[[TrainingState], None] | None = None,
    state: TrainingState | None = None,
    prepare: Callable[[nn.Module], None] = lambda network: None,
    chosen_by: object = None,
) -> TrainingResult:
    """Train `network` in place, on the device its parameters are on.

    A state that is kept carries a fingerprint of everything the run depends on: `config` and
    `objective`, `batches` with all they hold, the weights that `network` starts with, and
    `chosen_by`.

    Args:
        network, objective, batches, config: what to train, towards what, on what and how.
        parameters: those to change; all by default.
        validate: a score of a network, the higher the better; called in evaluation mode.
        progress: told (done, total) after each step.
        should_stop: asked before each step; True ends the run, unfinished, to be resumed later.
        log: given a record at each validation and every 20 steps.
        save: given the state at each validation and when the run is stopped.
        state: of an earlier run with the same arguments, to go on from.
        prepare: called after the network was put into training mode, to keep parts of it out.
        chosen_by: what `validate` looks at, such as its faces; no other may choose after a stop.

    Raises:
        models.fingerprint.OtherRunError: `state` is of a run with other arguments.
        FloatingPointError: the loss is not a number any more.
    """
    device = next(network.parameters()).device
    trained = list(network.parameters()) if parameters is None else list(parameters)
    optimizer = torch.optim.AdamW(
        trained, lr=config.learning_rate, weight_decay=config.decoupled_decay
    )
    scaler = torch.amp.GradScaler(device.type, enabled=config.precision == "float16")
    own: dict[str, str] = {}
    if save is not None or state is not None:
        own = fingerprint(
            {
                "configuration": (config, objective),
                "data set to learn from": batches,
                "set of weights to start from": network.state_dict(),
                "data set to choose by": chosen_by,
            }
        )
    if state is not None:
        insist_on_same_run(own, state.fingerprint)
    run = _Run(network, optimizer, scaler, config, state or TrainingState(fingerprint=own))
    finished = True
    while run.state.step < config.steps:
        if should_stop():
            finished = False
            break
        step = run.state.step
        for group in optimizer.param_groups:
            group["lr"] = config.rate(step)
        network.train()
        prepare(network)
        batch = batches.batch(step)
        batch = batch if device.type == "cpu" else batch.moved(device)
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            torch.manual_seed(config.seed * 1_000_003 + step)
            with torch.autocast(
                device.type, _DTYPES[config.precision], enabled=config.precision != "float32"
            ):
                loss, parts = objective(network, batch)
        if not math.isfinite(float(loss.detach())):
            raise FloatingPointError(f"the loss is {float(loss.detach())} at step {step}")
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(scaler.scale(loss))
        if config.clip:
            scaler.unscale_(optimizer)
            nn.utils.clip_grad_norm_(trained, config.clip)
        scaler.step(optimizer)
        scaler.update()
        run.advance()
        due = config.validate_every and run.state.step % config.validate_every == 0
        score = run.validated(validate) if validate is not None and due else None
        if score is not None or run.state.step % 20 == 0:
            log(Record(run.state.step, config.rate(step), parts, score))
        if score is not None and save is not None:
            save(run.captured())
        progress(run.state.step, config.steps)
        if config.patience and run.state.stale >= config.patience:
            break
    captured = run.captured()
    if not finished and save is not None:
        save(captured)
    step, score = run.settle()
    return TrainingResult(finished, step, score, captured)


class _Run:
    """The moving parts of a run: weights, their mean, the best so far, optimiser and scaler."""

    def __init__(
        self,
        network: nn.Module,
        optimizer: torch.optim.Optimizer,
        scaler: torch.amp.GradScaler,
        config: TrainingConfig,
        state: TrainingState,
    ) -> None:
        self.network, self.optimizer, self.config = network, optimizer, config
        self.scaler = scaler
        self.state = TrainingState(
            state.step,
            state.best_score,
            state.best_step,
            state.stale,
            dict(state.tensors),
            dict(state.fingerprint),
        )
        self.average: dict[str, torch.Tensor] = {}
        self.best: dict[str, torch.Tensor] = {}
        if state.tensors:
            self._restore(state.tensors)
        elif config.average:
            self.average = clone(network.state_dict())

    def advance(self) -> None:
        """Count the step and move the mean of the weights."""
        self.state.step += 1
        if self.config.average:
            move_average(self.average, self.network, self.config.average, self.state.step)

    def validated(self, validate: Callable[[nn.Module], float]) -> float:
        own = clone(self.network.state_dict()) if self.average else {}
        if self.average:
            self.network.load_state_dict(self.average)
        self.network.eval()
        with torch.inference_mode():
            score = validate(self.network)
        if score > self.state.best_score:
            self.state.best_score, self.state.best_step = score, self.state.step
            self.state.stale = 0
            self.best = clone(self.network.state_dict())
        else:
            self.state.stale += 1
        if own:
            self.network.load_state_dict(own)
        return score

    def settle(self) -> tuple[int, float]:
        """Put the chosen weights into the network; which step they are of, and their score."""
        if self.best and not self.config.keep_last:
            self.network.load_state_dict(self.best)
            chosen = self.state.best_step, self.state.best_score
        else:
            if self.average:
                self.network.load_state_dict(self.average)
            chosen = self.state.step, math.nan
        self.network.eval()
        return chosen

    def captured(self) -> TrainingState:
        scale = {name: torch.as_tensor(v) for name, v in self.scaler.state_dict().items()}
        tensors = {
            **prefixed("network.", self.network.state_dict()),
            **prefixed("average.", self.average),
            **prefixed("best.", self.best),
            **prefixed("optimizer.", optimizer_tensors(self.optimizer)),
            **prefixed("scaler.", scale),
        }
        return TrainingState(
            self.state.step,
            self.state.best_score,
            self.state.best_step,
            self.state.stale,
            clone(tensors),
            dict(self.state.fingerprint),
        )

    def _restore(self, tensors: Mapping[str, torch.Tensor]) -> None:
        self.network.load_state_dict(under("network.", tensors))
        self.average = clone(under("average.", tensors))
        self.best = clone(under("best.", tensors))
        restore_optimizer(self.optimizer, under("optimizer.", tensors))
        if scale := under("scaler.", tensors):
            self.scaler.load_state_dict({name: value.item() for name, value in scale.items()})
