"""Training a model on a dataset."""

from __future__ import annotations

import math
import tempfile
import uuid
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from models.checkpoints import CheckpointError
from service.db.tables import Dataset, Job, Model
from worker.lease import CancelRequestedError
from worker.readers import load_model
from worker.training_parts import fetch_archive, need_torch, noted, store_checkpoint
from worker.work import JobFailedError, Work, YieldRequestedError

if TYPE_CHECKING:
    from models.estimators.card import Figures

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
        dataset = session.get(Dataset, uuid.UUID(options["dataset_id"]))
        if dataset is None or dataset.archive_sha256 != options["archive"]:
            raise JobFailedError("dataset-not-found", "No such dataset", "The dataset is gone.")
        spec = dataset.spec
    folder = work.settings.data_dir.absolute() / "training"
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / f"{work.job.id}.zip"
    state = folder / f"{work.job.id}.safetensors"
    fetch_archive(work, options["archive"], archive)
    try:
        _train(work, options, name, spec, archive, state)
    except (JobFailedError, CancelRequestedError):
        state.unlink(missing_ok=True)
        raise
    finally:
        archive.unlink(missing_ok=True)
    state.unlink(missing_ok=True)


def _train(
    work: Work, options: dict[str, Any], name: str, spec: dict[str, Any], archive: Path, state: Path
) -> None:
    # Only workers that train load torch, when they do.
    from models.datasets.facts import UnknownDatasetError
    from models.estimators.dataset_faces import UnfitDatasetError, dataset_faces
    from models.estimators.estimator import from_checkpoint
    from models.estimators.fit import FITS, fit
    from models.estimators.starting import UnfitBaseError
    from models.estimators.training_state import load_state, save_state

    standard = FITS[options["architecture"]]
    config = replace(standard, epochs=options["epochs"] or standard.epochs, seed=options["seed"])
    lineage = {
        "dataset": options["dataset_id"],
        "dataset_sha256": options["archive"],
    }
    named = options.get("base_model")
    base = None if named is None else from_checkpoint(load_model(work, named).reader.checkpoint)
    try:
        work.stage("reading")
        with tempfile.TemporaryDirectory(dir=archive.parent) as scratch:
            faces = dataset_faces(
                archive, Path(scratch), config.architecture, aus=options["aus"], seed=config.seed
            )
            work.stage("training")
            training = partial(
                fit,
                faces,
                config,
                name=name,
                lineage=lineage,
                base=base,
                progress=noted(work, attempts=0),
                should_stop=work.stopping,
                save=lambda reached: save_state(state, reached),
            )
            try:
                made = training(state=load_state(state) if state.exists() else None)
            except CheckpointError as error:
                # Damaged, or an earlier version's: begin again rather than give the job up.
                log.warning("training from the beginning", reason=str(error))
                made = training()
    except (UnfitBaseError, UnfitDatasetError, UnknownDatasetError) as error:
        raise JobFailedError(error.code, TITLE, str(error)) from error
    except FloatingPointError as error:
        raise JobFailedError("training-diverged", TITLE, f"{error}.") from error
    if made is None:
        raise YieldRequestedError
    trained, figures = made
    store_checkpoint(work, Model, trained.checkpoint(), _results(figures), _total(work))


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
