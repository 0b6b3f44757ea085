"""Training a model on a dataset."""

from __future__ import annotations

import math
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from models.checkpoints import CheckpointError
from service.db.tables import Dataset, Job, Model
from worker.lease import CancelRequestedError
from worker.readers import load_model
from worker.training_parts import (
    fetch_archive,
    need_torch,
    noted,
    store_checkpoint,
    training_folder,
)
from worker.work import JobFailedError, Work, YieldRequestedError

if TYPE_CHECKING:
    from models.estimators.card import Figures
    from models.estimators.estimator import Estimator

    Fitted = tuple[Estimator, Figures] | None

TITLE = "The model cannot be trained"

log = structlog.get_logger(__name__)


def train_model(work: Work) -> None:
    """Train, on from where this machine left it if it was stopped.

    Raises:
        JobFailedError: the dataset or this worker will not do.
        LeaseLostError, CancelRequestedError, YieldRequestedError: the state is kept.
    """
    need_torch(work, "training")
    with work.database.read() as session:
        row = session.get_one(Model, work.job.resource_id)
        if row.checkpoint_sha256 is not None:
            return
        options, name = row.options, row.name
        learnt, measured = _datasets(options)
        for each in (*learnt, *measured):
            dataset = session.get(Dataset, uuid.UUID(each["id"]))
            if dataset is None or dataset.archive_sha256 != each["archive"]:
                raise JobFailedError("dataset-not-found", "No such dataset", "The dataset is gone.")
    with training_folder(work) as scratch:
        state = scratch.with_suffix(".safetensors")  # beside it, as it is to stay
        try:
            _train(work, options, name, state, scratch)
        except (JobFailedError, CancelRequestedError):
            state.unlink(missing_ok=True)
            raise
        state.unlink(missing_ok=True)


def _datasets(options: Mapping[str, Any]) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Those to learn from, and those of which nothing is learnt; earlier jobs named one."""
    if "datasets" not in options:
        return [{"id": options["dataset_id"], "archive": options["archive"]}], []
    return options["datasets"], options["choose_by"]


def _fetched(work: Work, named: Sequence[Mapping[str, str]], folder: Path) -> list[Path]:
    paths = []
    for each in named:
        path = folder / f"{each['archive']}.zip"
        if not path.exists():
            fetch_archive(work, each["archive"], path)
        paths.append(path)
    return paths


def _train(work: Work, options: dict[str, Any], name: str, state: Path, scratch: Path) -> None:
    # Only workers that train load torch, when they do.
    from models.datasets.facts import UnknownDatasetError
    from models.estimators.dataset_faces import UnfitDatasetError, dataset_faces
    from models.estimators.estimator import from_checkpoint
    from models.estimators.fit import FITS, fit, normalised
    from models.estimators.starting import UnfitBaseError
    from models.estimators.training_state import load_state, save_state

    standard = FITS[options["architecture"]]
    config = normalised(
        replace(standard, epochs=options["epochs"] or standard.epochs, seed=options["seed"]),
        options.get("normalisation", "none"),
    )
    imagenet = work.settings.imagenet
    if imagenet is not None and not imagenet.is_file():
        raise JobFailedError(
            "unavailable", TITLE, "This worker lacks the file that FACSIMILE_IMAGENET names."
        )
    learnt, measured = _datasets(options)
    lineage = {
        "dataset": learnt[0]["id"],
        "dataset_ids": [each["id"] for each in learnt],
        "chosen_by_ids": [each["id"] for each in measured],
        "dataset_sha256": [each["archive"] for each in learnt],
    }
    named = options.get("base_model")
    base = None if named is None else from_checkpoint(load_model(work, named).reader.checkpoint)
    try:
        work.stage("reading")
        faces = dataset_faces(
            _fetched(work, learnt, scratch),
            scratch,
            config.architecture,
            measured=_fetched(work, measured, scratch),
            normalisation=config.normalisation,
            aus=options["aus"],
            seed=config.seed,
        )
        work.stage("training")
        training = partial(
            fit,
            faces,
            config,
            name=name,
            lineage=lineage,
            base=base,
            imagenet=imagenet,
            progress=noted(work, attempts=0),
            should_stop=work.stopping,
            save=lambda reached: save_state(state, reached),
        )
        made = _on_from(state, training, load_state)
    except (UnfitBaseError, UnfitDatasetError, UnknownDatasetError) as error:
        raise JobFailedError(error.code, TITLE, str(error)) from error
    except CheckpointError as error:
        raise JobFailedError(error.code, TITLE, str(error)) from error
    except FloatingPointError as error:
        raise JobFailedError("training-diverged", TITLE, f"{error}.") from error
    if made is None:
        raise YieldRequestedError
    trained, figures = made
    store_checkpoint(work, Model, trained.checkpoint(), _results(figures), _total(work))


def _on_from(
    state: Path, training: Callable[..., Fitted], load_state: Callable[[Path], object]
) -> Fitted:
    """Train, on from the state if there is one of this run."""
    from models.fingerprint import OtherRunError

    try:
        kept = load_state(state) if state.exists() else None
    except CheckpointError as error:
        log.warning("training from the beginning", reason=str(error))
        kept = None
    try:
        return training(state=kept)
    except OtherRunError as error:
        # An earlier version's: begin again rather than give the job up.
        log.warning("training from the beginning", reason=str(error))
        return training(state=None)


def _results(figures: Figures) -> dict[str, Any]:
    """Figures as JSON: what is not defined is null."""
    return {
        "faces": figures.faces,
        "people": figures.people,
        "mean_icc": _number(figures.icc),
        "mean_mae": _number(figures.mae),
        "calibration_error": _number(figures.calibration_error),
        "measured_on": "drawings" if figures.drawn else "real frames",
        "chosen_by_the_same_people": figures.chose,
        "notes": list(figures.notes),
        "aus": {
            row.au: {"icc": _number(row.icc), "mae": _number(row.mae), "f1": _number(row.f1)}
            for row in figures.by_au
        },
    }


def _number(value: float) -> float | None:
    return round(value, 4) if math.isfinite(value) else None


def _total(work: Work) -> int:
    with work.database.read() as session:
        return session.get_one(Job, work.job.id).total
