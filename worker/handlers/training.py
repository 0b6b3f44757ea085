"""Training a model on a dataset."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from service.artifacts import ArtifactMissingError
from service.db.tables import Dataset, Model
from worker.handlers.personalise import need_torch, store_model
from worker.lease import CancelRequestedError
from worker.readers import load_checkpoint
from worker.work import JobFailedError, Work, YieldRequestedError

TITLE = "The model cannot be trained"


def train_model(work: Work) -> None:
    """Train, on from where this machine left it if it was stopped.

    Raises:
        JobFailedError: the dataset, the base model or this worker will not do.
        LeaseLostError, CancelRequestedError, YieldRequestedError: the state is kept.
    """
    need_torch("training")
    with work.database.read() as session:
        row = session.get_one(Model, work.job.resource_id)
        if row.checkpoint_sha256 is not None:
            return
        options, base = row.options, row.base
        dataset = session.get(Dataset, uuid.UUID(options["dataset_id"]))
        if dataset is None or dataset.archive_sha256 != options["archive"]:
            raise JobFailedError("dataset-not-found", "No such dataset", "The dataset is gone.")
        spec = dataset.spec
    folder = work.settings.data_dir.absolute() / "training"
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / f"{work.job.id}.zip"
    state = folder / f"{work.job.id}.safetensors"
    _fetch(work, options["archive"], archive)
    try:
        _train(work, options, base, spec, archive, state)
    except (JobFailedError, CancelRequestedError):
        state.unlink(missing_ok=True)
        raise
    finally:
        archive.unlink(missing_ok=True)
    state.unlink(missing_ok=True)


def _train(
    work: Work,
    options: dict[str, Any],
    base: str | None,
    spec: dict[str, Any],
    archive: Path,
    state: Path,
) -> None:
    # Only workers that train load torch, when they do.
    from models.estimators.dataset_training import (
        TrainingPlan,
        TrainingStoppedError,
        UnusableDatasetError,
        read_dataset,
        train_on,
    )
    from models.estimators.estimator import from_checkpoint
    from models.estimators.training_state import load_state, save_state

    plan = TrainingPlan(
        options["architecture"],
        options["steps"],
        None if options["aus"] is None else tuple(options["aus"]),
        options["learning_rate"],
        options["seed"],
    )
    start = None if base is None else from_checkpoint(load_checkpoint(work, base))
    aus = plan.aus if start is None else start.aus
    lineage = {
        "dataset": options["dataset_id"],
        "dataset_sha256": options["archive"],
        "dataset_spec": spec,
    }
    try:
        work.stage("reading")
        faces = read_dataset(archive, plan.architecture, aus, plan.seed, lambda *_: _go_on(work))
        work.stage("training")
        trained, results = train_on(
            faces,
            plan,
            start,
            lineage,
            progress=_progress(work),
            should_stop=work.stopping,
            save=lambda reached: save_state(state, reached),
            state=load_state(state) if state.exists() else None,
        )
    except UnusableDatasetError as error:
        raise JobFailedError("unusable-dataset", TITLE, str(error)) from error
    except FloatingPointError as error:
        raise JobFailedError(
            "training-diverged", TITLE, f"{error}; use a lower learning rate."
        ) from error
    except TrainingStoppedError as error:
        raise YieldRequestedError from error
    store_model(work, trained.checkpoint(), results, None, done=work.job.total)


def _fetch(work: Work, sha256: str, archive: Path) -> None:
    try:
        with archive.open("wb") as file:
            for piece in work.store.stream(sha256):
                file.write(piece)
    except ArtifactMissingError as error:
        raise JobFailedError(
            "dataset-not-found", "No such dataset", "The dataset's file is gone."
        ) from error


def _go_on(work: Work) -> None:
    work.lease.check()
    if work.stopping():
        raise YieldRequestedError


def _progress(work: Work) -> Callable[[int, int], None]:
    def progress(done: int, total: int) -> None:
        work.lease.check()
        if done % max(1, total // 100) == 0:
            with work.database.write() as session:
                work.lease.update(session, done=done, total=total, attempts=0)

    return progress
