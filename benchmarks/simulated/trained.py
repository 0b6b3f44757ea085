"""Trains one estimator of the comparison, or reads the one that an earlier run trained."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import torch
from safetensors.torch import load_file, save_file

from benchmarks.simulated.database import Database
from benchmarks.simulated.reading import compact, read, references
from benchmarks.simulated.sizes import Size
from benchmarks.simulated.training_sets import Source, training_set
from models.balancing.options import Sources
from models.corpora.table import Split
from models.estimators.augment import Augment
from models.estimators.compact import Compact
from models.estimators.config import EstimatorConfig, Normalisation
from models.estimators.estimator import Estimator
from models.estimators.faces import Augmentation, Batches, ImageArray, PeopleBatches, to_tensor
from models.estimators.objective import both_heads
from models.estimators.training import train
from models.metrics import icc31, mean_defined, per_column
from models.normalisation.batches import NormalisedBatches
from models.registration.face import RegistrationKind

BATCH: Final = 64


@dataclass(frozen=True)
class Recipe:
    """One way of training that is compared with others.

    Attributes:
        source: real frames resampled, or drawings balanced.
        registration, normalisation: of every face, in training and after it.
        varied: whether light, camera and registration are varied at random in training, which the
            paper does not do and the service does.
        sources: what drawings are made on: neutral frames first, or any frame without the AU.
    """

    source: Source
    registration: RegistrationKind = "3d"
    normalisation: Normalisation = "none"
    varied: bool = False
    sources: Sources = "neutral-first"

    @property
    def name(self) -> str:
        """For files and tables."""
        varied = "varied" if self.varied else "plain"
        name = f"{self.source}-{self.registration}-{self.normalisation}-{varied}"
        return name if self.sources == "neutral-first" else f"{name}-{self.sources}"


RECIPES: Final = (
    Recipe("real"),
    Recipe("synthetic"),
    Recipe("synthetic", sources="absent"),
    Recipe("real", varied=True),
    Recipe("synthetic", varied=True),
    Recipe("real", registration="2d"),
    Recipe("synthetic", registration="2d"),
    Recipe("synthetic", normalisation="au0"),
    Recipe("synthetic", normalisation="mean-texture"),
)


def trained(
    recipe: Recipe,
    database: Database,
    splits: dict[str, Split],
    size: Size,
    seed: int,
    work: Path,
) -> Estimator:
    """The estimator of `recipe`, the best of its epochs on real frames of validation people."""
    shape = replace(size.network, au_count=len(database.spec.coded))
    config = EstimatorConfig(
        "compact",
        database.spec.coded,
        recipe.registration,
        recipe.normalisation,
        network=json.loads(json.dumps(asdict(shape))),
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Compact(shape)
    torch.nn.utils.convert_conv2d_weight_memory_format(network, torch.channels_last)
    stored = work / f"{recipe.name}-{seed}.safetensors"
    if stored.exists():
        network.load_state_dict(load_file(stored))
        return Estimator(config, network)
    _fit(network, recipe, database, splits, size, seed, work)
    tensors = {name: value.contiguous() for name, value in network.state_dict().items()}
    save_file(tensors, stored)
    return Estimator(config, network)


def _fit(
    network: Compact,
    recipe: Recipe,
    database: Database,
    splits: dict[str, Split],
    size: Size,
    seed: int,
    work: Path,
) -> None:
    faces = training_set(
        database, splits, recipe.source, recipe.registration, size.count, seed, work, recipe.sources
    )
    faces = replace(faces, neutrals=references(database, recipe.registration, recipe.normalisation))
    augment: Augmentation = Augment() if recipe.varied else _as_they_are
    batches: Batches = PeopleBatches(faces, augment, BATCH // 4, 4, seed)
    if recipe.normalisation != "none":
        batches = NormalisedBatches(batches)
    per_epoch = max(1, len(faces.images) // BATCH)
    config = replace(
        size.training, steps=per_epoch * size.epochs, validate_every=per_epoch, seed=seed
    )
    train(network, both_heads, batches, config, validate=_validation(recipe, database, splits))


def _validation(
    recipe: Recipe, database: Database, splits: dict[str, Split]
) -> Callable[[torch.nn.Module], float]:
    rows = database.frames([name for name, split in splits.items() if split == "validation"])
    images = database.crops(recipe.registration)[rows]
    labels = database.targets(rows, database.spec.coded)
    textures = references(database, recipe.registration, recipe.normalisation)
    mine = textures[database.person[rows]]

    def score(network: torch.nn.Module) -> float:
        found = read(compact(network), images, mine, recipe.normalisation)
        mean = mean_defined(per_column(icc31, labels, found))
        return mean.value if mean.defined else -1.0

    return score


def _as_they_are(images: ImageArray, rng: np.random.Generator) -> torch.Tensor:
    return to_tensor(images)
