"""Training an estimator on a dataset as Facsimile makes them: an image-folder zip.

People are held out, not frames. Where a dataset has but one person, nothing is held out, and the
results say so.
"""

from __future__ import annotations

import dataclasses
import io
import math
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq
import torch
from torch import nn

from models import facs
from models.corpora.splits import subject_disjoint
from models.datasets.bundle import METADATA
from models.datasets.zip_reader import StoredZipReader
from models.estimators.augment import Augment
from models.estimators.compact import Compact, CompactConfig
from models.estimators.config import Architecture, EstimatorConfig
from models.estimators.crop import CROP_HEIGHT, CROP_WIDTH
from models.estimators.estimator import Estimator
from models.estimators.faces import LabelledFaces, PeopleBatches
from models.estimators.networks import Network, build_network, network_inputs
from models.estimators.objective import Objective, both_heads, level_classes
from models.estimators.training import Record, TrainingConfig, TrainingState, train
from models.images import ImageError, decode_image
from models.metrics import icc31, mae, mean_defined, per_column
from models.registration.face import FACE_SIZE

FloatArray = npt.NDArray[np.float32]

HELD_OUT: Final = (0.8, 0.2, 0.0)
_VALIDATIONS: Final = 20
_MOST_VALIDATED: Final = 2_000
_BATCH: Final = 64


class UnusableDatasetError(ValueError):
    """The file is not a dataset that an estimator can be trained on; the message says why."""


class TrainingStoppedError(RuntimeError):
    """`should_stop` said so before the training was done; its state was saved."""


@dataclass(frozen=True)
class TrainingPlan:
    """What to train.

    Attributes:
        architecture: `compact` or `vgg16`.
        steps: batches.
        aus: to read; all that the dataset codes if None.
        learning_rate: at its height; the architecture's own if None.
        seed: of weights, batches and dropout.
        patience: validations without a better ICC after which training stops; 0 for never.
        people, per_person: that each batch has.
    """

    architecture: Architecture = "compact"
    steps: int = 1_000
    aus: tuple[str, ...] | None = None
    learning_rate: float | None = None
    seed: int = 0
    patience: int = 6
    people: int = 16
    per_person: int = 4

    @property
    def rate(self) -> float:
        """The learning rate: 5e-5 is the paper's for VGG16 (Niinuma et al. 2022, 4.2.2)."""
        if self.learning_rate is not None:
            return self.learning_rate
        return 1e-3 if self.architecture == "compact" else 5e-5


@dataclass(frozen=True, eq=False)
class DatasetFaces:
    """The faces of a dataset as a network sees them: those to learn from and those held out."""

    aus: tuple[str, ...]
    learnt: LabelledFaces
    held_out: LabelledFaces | None


def read_dataset(
    path: Path,
    architecture: Architecture,
    aus: Sequence[str] | None,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> DatasetFaces:
    """Faces and labels of a dataset's zip, cut for the network, people held out.

    In memory: 37 kB an image for `compact`, 151 kB for `vgg16`. A person's neutral face is the
    one with the weakest labels.

    Raises:
        UnusableDatasetError: no such dataset, or it codes none of the AUs.
    """
    try:
        archive = StoredZipReader(path)
        table = pq.read_table(io.BytesIO(archive.read(METADATA)))
    except (zipfile.BadZipFile, KeyError, OSError) as error:
        raise UnusableDatasetError(
            f"This is no dataset that is an image folder: {error}"
        ) from error
    every = np.stack([table[au].to_numpy().astype(np.float32) for au in facs.SUPPORTED_AUS], axis=1)
    chosen = _chosen(every, aus)
    labels = np.ascontiguousarray(every[:, [facs.SUPPORTED_AUS.index(au) for au in chosen]])
    images = _images(archive, table["file_name"].to_pylist(), architecture, progress)
    people = np.array(table["subject"].to_pylist())
    names = sorted(set(people.tolist()))
    split = (
        subject_disjoint(names, HELD_OUT, seed) if len(names) > 1 else dict.fromkeys(names, "train")
    )
    learnt = np.array([split[name] == "train" for name in people])
    return DatasetFaces(
        chosen,
        _labelled(images, labels, people, learnt),
        None if learnt.all() else _labelled(images, labels, people, ~learnt),
    )


def train_on(
    faces: DatasetFaces,
    plan: TrainingPlan,
    base: Estimator | None = None,
    lineage: Mapping[str, Any] | None = None,
    *,
    progress: Callable[[int, int], None] = lambda done, total: None,
    should_stop: Callable[[], bool] = lambda: False,
    log: Callable[[Record], None] = lambda record: None,
    save: Callable[[TrainingState], None] | None = None,
    state: TrainingState | None = None,
) -> tuple[Estimator, dict[str, Any]]:
    """Train an estimator; it, and how well it reads the people held out.

    Args:
        faces: from `read_dataset`, for the plan's architecture.
        plan: what to train.
        base: to start from, of the same architecture and AUs; random weights without.
        lineage: what its card says about its data.
        progress, should_stop, log, save, state: see `models.estimators.training.train`.

    Raises:
        UnusableDatasetError: the base reads other AUs.
        TrainingStoppedError.
        FloatingPointError: the loss is not a number any more; use a lower learning rate.
    """
    config = _config(faces, plan, base, lineage)
    network = _start(config, plan, base)
    every = max(1, plan.steps // _VALIDATIONS) if faces.held_out is not None else 0
    objective: Objective = both_heads if isinstance(network, Compact) else level_classes
    batches = PeopleBatches(faces.learnt, Augment(), plan.people, plan.per_person, plan.seed)
    result = train(
        network,
        objective,
        batches,
        TrainingConfig(
            plan.steps,
            plan.rate,
            warmup=min(100, plan.steps // 10),
            cosine=plan.architecture == "compact",
            clip=5.0,
            validate_every=every,
            patience=plan.patience if every else 0,
            seed=plan.seed,
        ),
        parameters=None if isinstance(network, Compact) else network.trained_parameters(),
        validate=None if faces.held_out is None else _score(faces.held_out),
        progress=progress,
        should_stop=should_stop,
        log=log,
        save=save,
        state=state,
    )
    if not result.finished:
        raise TrainingStoppedError(f"stopped after {result.step} of {plan.steps} steps")
    results = measured(network, faces)
    results |= {"steps": result.state.step, "chosen_step": result.step}
    return Estimator(config, network, card=_card(config, plan, results)), results


def measured(network: Network, faces: DatasetFaces) -> dict[str, Any]:
    """ICC(3,1) and MAE of each AU on the people held out; nothing where there are none."""
    held = faces.held_out
    if held is None:
        return {"held_out_people": 0}
    read = _read(network, held)
    icc, error = (per_column(metric, held.labels, read) for metric in (icc31, mae))
    return {
        "held_out_people": len(held.neutrals),
        "held_out_images": len(held.images),
        "icc": _by_au(faces.aus, icc),
        "mae": _by_au(faces.aus, error),
        "mean_icc": _number(mean_defined(icc).value),
        "mean_mae": _number(mean_defined(error).value),
    }


def _chosen(labels: FloatArray, aus: Sequence[str] | None) -> tuple[str, ...]:
    coded = [
        au for column, au in enumerate(facs.SUPPORTED_AUS) if not np.isnan(labels[:, column]).all()
    ]
    if aus is None:
        chosen = tuple(coded)
    else:
        missing = [au for au in aus if au not in coded]
        if missing:
            raise UnusableDatasetError(
                f"The dataset does not code {', '.join(missing)}; it codes {', '.join(coded)}."
            )
        chosen = tuple(au for au in facs.SUPPORTED_AUS if au in aus)
    if not chosen:
        raise UnusableDatasetError("The dataset codes no AU.")
    return chosen


def _images(
    archive: StoredZipReader,
    names: Sequence[str],
    architecture: Architecture,
    progress: Callable[[int, int], None],
) -> npt.NDArray[np.uint8]:
    size = (CROP_HEIGHT, CROP_WIDTH) if architecture == "compact" else (FACE_SIZE, FACE_SIZE)
    out = np.empty((len(names), *size, 3), np.uint8)
    for index, name in enumerate(names):
        try:
            rgb = decode_image(archive.read(name)).rgb
        except (ImageError, KeyError, zipfile.BadZipFile) as error:
            raise UnusableDatasetError(f"{name} cannot be read: {error}") from error
        if rgb.shape != (FACE_SIZE, FACE_SIZE, 3):
            raise UnusableDatasetError(f"{name} is {rgb.shape}, not {FACE_SIZE}x{FACE_SIZE}.")
        out[index] = network_inputs(architecture, rgb[None])[0]
        progress(index + 1, len(names))
    return out


def _labelled(
    images: npt.NDArray[np.uint8],
    labels: FloatArray,
    people: npt.NDArray[np.str_],
    rows: npt.NDArray[np.bool_],
) -> LabelledFaces:
    names, person = np.unique(people[rows], return_inverse=True)
    own, strength = images[rows], np.nansum(labels[rows], axis=1)
    calmest = [
        int(np.flatnonzero(person == row)[np.argmin(strength[person == row])])
        for row in range(len(names))
    ]
    return LabelledFaces(own, labels[rows], person.astype(np.int64), own[calmest])


def _config(
    faces: DatasetFaces,
    plan: TrainingPlan,
    base: Estimator | None,
    lineage: Mapping[str, Any] | None,
) -> EstimatorConfig:
    trained = {**dataclasses.asdict(plan), **(lineage or {})}
    if base is not None:
        if base.aus != faces.aus or base.config.architecture != plan.architecture:
            raise UnusableDatasetError(
                f"The base model is a {base.config.architecture} that reads "
                f"{', '.join(base.aus)}; the dataset has {', '.join(faces.aus)} for a "
                f"{plan.architecture}."
            )
        return dataclasses.replace(
            base.config, method="generic", lineage={**base.config.lineage, "trained": trained}
        )
    shape: dict[str, Any] = {"au_count": len(faces.aus)}
    if plan.architecture == "compact":
        full = dataclasses.asdict(CompactConfig(au_count=len(faces.aus)))
        shape = {key: list(v) if isinstance(v, tuple) else v for key, v in full.items()}
    return EstimatorConfig(
        plan.architecture, faces.aus, network=shape, lineage={"trained": trained}
    )


def _start(config: EstimatorConfig, plan: TrainingPlan, base: Estimator | None) -> Network:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(plan.seed)
        network = build_network(config)
    if base is not None:
        network.load_state_dict(base.network.state_dict())
    if isinstance(network, Compact):
        torch.nn.utils.convert_conv2d_weight_memory_format(network, torch.channels_last)
    return network


def _score(held_out: LabelledFaces) -> Callable[[nn.Module], float]:
    """Mean ICC over the AUs for which it is defined."""
    rows = np.linspace(0, len(held_out.images) - 1, _MOST_VALIDATED).astype(np.int64)
    rows = np.unique(rows)
    some = LabelledFaces(
        held_out.images[rows], held_out.labels[rows], held_out.person[rows], held_out.neutrals
    )

    def score(network: nn.Module) -> float:
        value = mean_defined(per_column(icc31, some.labels, _read(network, some))).value
        return value if math.isfinite(value) else -1.0

    return score


def _read(network: nn.Module, faces: LabelledFaces) -> FloatArray:
    network.eval()
    levels = torch.arange(len(facs.LEVELS), dtype=torch.float32)
    parts = []
    with torch.inference_mode():
        for start in range(0, len(faces.images), _BATCH):
            pixels = faces.images[start : start + _BATCH].astype(np.float32) / 127.5 - 1
            logits = network(torch.from_numpy(pixels).permute(0, 3, 1, 2))
            if not isinstance(network, Network):
                raise TypeError(f"{type(network).__name__} is no estimator's network")
            parts.append((network.probabilities(logits) @ levels).numpy())
    return np.concatenate(parts)


def _by_au(aus: Sequence[str], values: Sequence[float]) -> dict[str, float | None]:
    return {au: _number(value) for au, value in zip(aus, values, strict=True)}


def _number(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None


def _card(config: EstimatorConfig, plan: TrainingPlan, results: Mapping[str, Any]) -> str:
    lines = [
        f"# An AU-intensity estimator: {config.architecture}",
        "",
        f"Reads {', '.join(config.aus)} from faces registered in {config.registration}.",
        f"Trained for {results['steps']} steps (seed {plan.seed}, learning rate {plan.rate:g}); "
        f"the weights are those of step {results['chosen_step']}.",
        "",
        f"Data and options: `{dict(config.lineage)!r}`",
        "",
    ]
    if "icc" not in results:
        return "\n".join([*lines, "Nothing was held out: the data show one person alone.", ""])
    lines += [
        f"On {results['held_out_images']} images of {results['held_out_people']} people left out:",
        "",
        "| AU | ICC(3,1) | MAE |",
        "|---|---|---|",
        *(f"| {au} | {results['icc'][au]} | {results['mae'][au]} |" for au in config.aus),
        f"| mean | {results['mean_icc']} | {results['mean_mae']} |",
        "",
        "The weights were chosen by these people, so the figures flatter a little.",
        "",
    ]
    return "\n".join(lines)
