"""How large a run is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from models.estimators.compact import CompactConfig
from models.estimators.training import TrainingConfig
from models.personalisation.recipes import PAPER, Recipe


@dataclass(frozen=True)
class Size:
    """Everything that costs time.

    Attributes:
        people_a, people_b: filmed for each database.
        frames: of each person, besides the neutral one; one every 0.4 s, say.
        count: images per AU and level in a training set.
        epochs: passes over it.
        seeds: repetitions: other people held out, other sets, other weights at the start.
        personal: people of each database whose estimators are made personal.
        fine_tuning: how.
        network: shape of `compact`.
        training: of it; steps follow from `epochs`.
    """

    people_a: int
    people_b: int
    frames: int
    count: int
    epochs: int
    seeds: int
    personal: int
    fine_tuning: Recipe
    network: CompactConfig
    training: TrainingConfig


FULL: Final = Size(
    people_a=68,
    people_b=24,
    frames=48,
    count=60,
    epochs=10,
    seeds=3,
    personal=12,
    fine_tuning=PAPER,
    network=CompactConfig(
        stem=16, widths=(24, 48, 96, 128), blocks=(1, 1, 1, 1), compare=128, dropout=0.2
    ),
    training=TrainingConfig(
        0, 1.5e-3, warmup=50, cosine=True, decoupled_decay=0.05, average=0.99, clip=5.0,
        precision="bfloat16",
    ),
)  # fmt: skip
"""`compact` with a sixth of its parameters, trained as the service trains it
(`models.estimators.fit.COMPACT`), from weights at random."""

QUICK: Final = Size(
    people_a=6,
    people_b=4,
    frames=3,
    count=1,
    epochs=1,
    seeds=1,
    personal=1,
    fine_tuning=Recipe(5e-6, epochs=1),
    network=CompactConfig(stem=16, widths=(16, 16), blocks=(1, 1), compare=16),
    training=TrainingConfig(0, 1.5e-3),
)
"""Only to see that everything runs; the figures mean nothing."""
