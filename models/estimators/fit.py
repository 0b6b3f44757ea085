"""Trains an estimator on labelled faces, from a dataset to a checkpoint: what a job runs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from models.device import compute_device, training_precision
from models.estimators.augment import Augment
from models.estimators.card import Figures, card, figures, kind_of_faces
from models.estimators.compact import Compact, CompactConfig
from models.estimators.config import Architecture, EstimatorConfig, Normalisation
from models.estimators.dataset_faces import DatasetFaces
from models.estimators.estimates import Estimates
from models.estimators.estimator import Estimator
from models.estimators.faces import (
    Augmentation,
    Batches,
    LabelledFaces,
    PeopleBatches,
    to_tensor,
)
from models.estimators.networks import Network, build_network
from models.estimators.objective import both_heads, level_classes
from models.estimators.starting import RATE, UnfitBaseError, started_from
from models.estimators.training import Record, TrainingConfig, TrainingState, train
from models.estimators.vgg16 import Vgg16, Vgg16Config, load_imagenet
from models.metrics import icc31, mean_defined, per_column
from models.normalisation.au0 import difference
from models.normalisation.batches import NormalisedBatches


@dataclass(frozen=True)
class FitConfig:
    """How an estimator is fitted to a dataset.

    Attributes:
        architecture: of the network.
        epochs: passes over the dataset, in faces seen.
        batch: faces a step, a multiple of 4.
        training: everything else; `steps` and `validate_every` follow from the dataset.
        varied: whether light, camera and registration are varied at random.
        normalisation: what faces are read as differences from; not together with `varied`.
        seed: of weights, batches and dropout.
        compact: the shape of a `compact` that starts at random; its AUs are the dataset's.
    """

    architecture: Architecture
    epochs: int
    batch: int
    training: TrainingConfig
    varied: bool
    normalisation: Normalisation = "none"
    seed: int = 0
    compact: CompactConfig = dataclasses.field(default_factory=CompactConfig)

    def __post_init__(self) -> None:
        if self.varied and self.normalisation != "none":
            raise ValueError("faces that are normalised must come as they are, not varied")


COMPACT: Final = FitConfig(
    "compact",
    epochs=8,
    batch=64,
    training=TrainingConfig(
        0, 1.5e-3, warmup=50, cosine=True, decoupled_decay=0.05, average=0.99, clip=5.0, patience=4
    ),
    varied=True,
)
VGG16_PAPER: Final = FitConfig(
    "vgg16", epochs=10, batch=32, training=TrainingConfig(0, 5e-5), varied=False
)
"""Niinuma et al. (2022, 4.2.2): Adam at 5e-5, 10 epochs, the best on validation; dropout 0.5 and
the first two convolutions left as they are belong to the network. One network for each AU."""
FITS: Final[Mapping[Architecture, FitConfig]] = {"compact": COMPACT, "vgg16": VGG16_PAPER}


def normalised(config: FitConfig, normalisation: Normalisation) -> FitConfig:
    """The same for faces that are normalised, which come as they are."""
    if normalisation == "none":
        return config
    return dataclasses.replace(config, normalisation=normalisation, varied=False)


def fit(
    faces: DatasetFaces,
    config: FitConfig,
    *,
    name: str = "estimator",
    lineage: Mapping[str, Any] | None = None,
    base: Estimator | None = None,
    imagenet: Path | None = None,
    device: torch.device | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
    should_stop: Callable[[], bool] = lambda: False,
    log: Callable[[Record], None] = lambda record: None,
    save: Callable[[TrainingState], None] | None = None,
    state: TrainingState | None = None,
) -> tuple[Estimator, Figures] | None:
    """Train on people, choose the weights by the mean ICC on others, and write the card.

    Args:
        faces: all parts; see `models.estimators.dataset_faces`. The estimator is for faces
            registered as they are.
        config: how.
        name: in the card.
        lineage: where they come from, beside what `faces` says of its datasets.
        base: an estimator to train on from, at a lower rate, instead of weights at random.
        imagenet: file of VGG16 weights to start from; without, and without a base, no layer of a
            `vgg16` is kept as it is, and the card says so.
        device: where to train; the GPU where there is one. The estimator comes back on the CPU.
        progress, should_stop, log, save, state: see `models.estimators.training.train`.

    Returns:
        The estimator and how well it reads faces it was not trained on: those of the test people
        where there are any, else those it was chosen by. None if it was stopped.

    Raises:
        models.estimators.starting.UnfitBaseError: the base is of another architecture, reads
            other faces, or does not read one of the AUs.
        models.fingerprint.OtherRunError: `state` is of a run with other arguments.
        ValueError: the references of `faces` are for another normalisation.
    """
    if config.normalisation not in ("none", faces.normalisation):
        raise ValueError(f"faces with references for {faces.normalisation}, not for {config}")
    device = device or compute_device()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        network, described = _network(faces, config, lineage or {}, base)
    parameters, notes = _trained(network, base, imagenet)
    network.to(device)
    torch.nn.utils.convert_conv2d_weight_memory_format(network, torch.channels_last)
    training = _scheduled(config, faces, base, device)
    if base is not None:
        before = _score(network.eval(), faces.validation, config.normalisation)
        told = f"{before:.3f} on the {_of_validation(faces)}"
        notes = (*notes, f"The base it started from: mean ICC {told}.")
    result = train(
        network,
        both_heads if isinstance(network, Compact) else level_classes,
        _batches(faces, config),
        training,
        parameters=parameters,
        validate=lambda trained: _score(network, faces.validation, config.normalisation),
        progress=progress,
        should_stop=should_stop,
        log=log,
        save=save,
        state=state,
        chosen_by=(faces.validation, config.normalisation),
    )
    if not result.finished:
        return None
    network.to(torch.device("cpu"))
    notes = (
        *faces.notes,
        *notes,
        f"Chosen by the mean ICC on {_of_validation(faces)}: {result.score:.3f}.",
    )
    measured = _measured(network, faces, config.normalisation, notes)
    estimator = Estimator(described, network, card=card(name, described, measured))
    return estimator, measured


def _trained(
    network: Network, base: Estimator | None, imagenet: Path | None
) -> tuple[list[torch.nn.Parameter] | None, tuple[str, ...]]:
    """The parameters to train, None for all, and what the card says of it."""
    if not isinstance(network, Vgg16):
        return None, ()
    if imagenet is not None:
        load_imagenet(network, imagenet)
    elif base is None:
        return None, (
            "No ImageNet weights were given: all layers were trained, from weights at random. The "
            "paper starts from ImageNet and leaves the first two convolutions as they are there.",
        )
    return network.trained_parameters(), ()


def _scheduled(
    config: FitConfig, faces: DatasetFaces, base: Estimator | None, device: torch.device
) -> TrainingConfig:
    per_epoch = max(1, -(-len(faces.train.images) // config.batch))
    rate = config.training.learning_rate * (1 if base is None else RATE)
    precision = config.training.precision
    return dataclasses.replace(
        config.training,
        steps=per_epoch * config.epochs,
        validate_every=per_epoch,
        learning_rate=rate,
        precision=training_precision(device) if precision == "float32" else precision,
        seed=config.seed,
    )


def _batches(faces: DatasetFaces, config: FitConfig) -> Batches:
    augment: Augmentation = Augment() if config.varied else _as_they_are
    people = max(1, config.batch // 4)
    batches: Batches = PeopleBatches(faces.train, augment, people, 4, config.seed)
    return batches if config.normalisation == "none" else NormalisedBatches(batches)


def _measured(
    network: Network, faces: DatasetFaces, normalisation: Normalisation, notes: tuple[str, ...]
) -> Figures:
    part = faces.validation if faces.test is None else faces.test
    return figures(
        Estimates(faces.aus, _probabilities(network, part, normalisation)),
        part.labels,
        len(np.unique(part.person)),
        drawn=faces.validation_drawn if faces.test is None else faces.test_drawn,
        chose=faces.test is None,
        notes=notes,
    )


def _of_validation(faces: DatasetFaces) -> str:
    people = len(np.unique(faces.validation.person))
    kind = kind_of_faces(faces.validation_drawn)
    return f"{len(faces.validation.images):,} {kind} of {people} people to choose by"


def _network(
    faces: DatasetFaces,
    config: FitConfig,
    lineage: Mapping[str, Any],
    base: Estimator | None,
) -> tuple[Network, EstimatorConfig]:
    aus, registration = faces.aus, faces.registration
    lineage = {**lineage, "datasets": [facts.as_lineage() for facts in faces.facts]}
    shape: CompactConfig | Vgg16Config
    if base is not None:
        _check_base(base, config, registration)
        network = started_from(base, aus)
        shape, lineage = network.config, {**lineage, "base": dict(base.config.lineage)}
    elif config.architecture == "compact":
        shape = dataclasses.replace(config.compact, au_count=len(aus))
    else:
        shape = Vgg16Config(au_count=len(aus))
    described = EstimatorConfig(
        config.architecture,
        aus,
        registration,
        config.normalisation,
        network=dataclasses.asdict(shape),
        lineage={**lineage, "training": _how(config)},
    )
    return build_network(described) if base is None else network, described


def _how(config: FitConfig) -> dict[str, Any]:
    """The training as a card has it; the network's shape stands there already."""
    return {name: value for name, value in dataclasses.asdict(config).items() if name != "compact"}


def _check_base(base: Estimator, config: FitConfig, registration: str) -> None:
    wanted = (config.architecture, registration, config.normalisation)
    found = (base.config.architecture, base.config.registration, base.config.normalisation)
    if wanted != found:
        raise UnfitBaseError(
            f"The base model is a {found[0]} for faces registered in {found[1]}, normalisation "
            f"{found[2]}; what is to be trained is a {wanted[0]} for {wanted[1]}, {wanted[2]}."
        )


def _score(network: Network, faces: LabelledFaces, normalisation: Normalisation) -> float:
    """Mean ICC over the AUs that vary; the worst there is where none does."""
    probabilities = _probabilities(network, faces, normalisation)
    read = Estimates(tuple("A" * faces.labels.shape[1]), probabilities)
    mean = mean_defined(per_column(icc31, faces.labels, read.intensities))
    return mean.value if mean.defined else -1.0


def _probabilities(
    network: Network, faces: LabelledFaces, normalisation: Normalisation
) -> np.ndarray:
    device = next(network.parameters()).device
    parts = []
    with torch.inference_mode():
        for first in range(0, len(faces.images), 32):
            rows = slice(first, first + 32)
            if normalisation == "none":
                images = to_tensor(faces.images[rows])
            else:
                change = difference(faces.images[rows], faces.neutrals[faces.person[rows]])
                images = torch.from_numpy(change).permute(0, 3, 1, 2)
            parts.append(network.probabilities(network(images.to(device))).cpu().numpy())
    return np.concatenate(parts)


def _as_they_are(images: np.ndarray, rng: np.random.Generator) -> torch.Tensor:
    return to_tensor(images)
