"""Learns the correction from pairs; interrupted, it goes on at the exact step of its last save."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import torch

from models.estimators.training import Record, TrainingConfig, TrainingResult, train
from models.estimators.training_state import load_state, save_state
from models.hybrid.config import HybridConfig
from models.hybrid.network import HybridNetwork
from scripts.train_hybrid.batches import Pairs, VariedBatches
from scripts.train_hybrid.objective import Explained, Objective

CONFIG: Final = TrainingConfig(
    steps=2_400,
    learning_rate=8e-4,
    warmup=100,
    cosine=True,
    decoupled_decay=0.02,
    average=0.995,
    clip=1.0,
    precision="bfloat16",
    validate_every=100,
)
STATE: Final = "state.safetensors"


@dataclass(frozen=True)
class Run:
    """One training run.

    Attributes:
        pairs: folder that `pairs.draw_pairs` filled.
        learnt, watched: names of the people learnt from, and of those the log's scores are of.
        folder: kept between attempts: state and log.
        network, training: what to train and how.
        batch, seed: examples a step; of batches and weights.
    """

    pairs: Path
    learnt: Sequence[str]
    watched: Sequence[str]
    folder: Path
    network: HybridConfig = field(default_factory=HybridConfig)
    training: TrainingConfig = CONFIG
    batch: int = 16
    seed: int = 0


def learn(
    run: Run,
    *,
    should_stop: Callable[[], bool] = lambda: False,
    say: Callable[[str], None] = lambda line: None,
) -> tuple[HybridNetwork, TrainingResult]:
    """Train until `run.training.steps` or until told to stop; call again to go on."""
    run.folder.mkdir(parents=True, exist_ok=True)
    watched = Pairs(run.pairs, run.watched)
    explained = Explained(watched)
    torch.manual_seed(run.seed)
    network = HybridNetwork(run.network)
    torch.nn.utils.convert_conv2d_weight_memory_format(network, torch.channels_last)
    state = run.folder / STATE
    start = time.monotonic()

    def log(record: Record) -> None:
        row = {"step": record.step, "seconds": round(time.monotonic() - start), **record.losses}
        if record.score is None:
            return
        row |= explained.parts
        _append(run.folder / "log.csv", row)
        say(" ".join(f"{name} {value:.4g}" for name, value in row.items()))

    result = train(
        network,
        Objective(),
        VariedBatches(Pairs(run.pairs, run.learnt), run.batch, run.seed),
        replace(run.training, seed=run.seed),
        validate=explained,
        should_stop=should_stop,
        log=log,
        save=lambda kept: save_state(state, kept),
        state=load_state(state) if state.exists() else None,
        chosen_by=watched,
    )
    return network, result


def _append(path: Path, row: dict[str, float]) -> None:
    new = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, list(row))
        if new:
            writer.writeheader()
        writer.writerow(row)
