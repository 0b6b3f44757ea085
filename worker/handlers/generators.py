"""Training a generator, on a dataset or on photos.

Its state is kept in the store as it goes, so that whichever worker takes the job next, here or on
another machine, goes on from there.
"""

from __future__ import annotations

import math
import time
import uuid
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import structlog
from sqlalchemy import select

from models.checkpoints import CheckpointError
from models.generators.config import GanConfig, GeneratorConfig, LossWeights
from models.registration.face import RegisteredFace
from service.artifacts import Artifact
from service.db.blobs import keep, remove_unneeded
from service.db.tables import Generator, Image
from worker.lease import CancelRequestedError
from worker.readers import registered
from worker.training_parts import (
    fetch_archive,
    need_torch,
    noted,
    store_checkpoint,
    training_folder,
)
from worker.work import JobFailedError, Work, YieldRequestedError

if TYPE_CHECKING:
    from models.generators.pairs import PeoplePairs

TITLE: Final = "The generator cannot be trained"
log = structlog.get_logger(__name__)
_SHARE: Final = 4
"""Jobs that wait are let go first only once it has trained for so many times as long as getting
ready took, which has to be done again."""

_LOOK_SECONDS: Final = 1.0
"""Between two looks whether jobs wait."""


@dataclass(frozen=True)
class _Photo:
    sha256: str
    label: str
    person: str


@dataclass(frozen=True)
class _Plan:
    """What is to be made, read once from the rows."""

    name: str
    config: GanConfig
    every_au: bool
    archive: str | None
    photos: tuple[_Photo, ...]
    drawings: int
    state: str | None


def train_generator(work: Work) -> None:
    """Train, on from the state that is kept if there is one.

    Raises:
        JobFailedError: dataset, photos or this worker will not do.
        LeaseLostError, CancelRequestedError, YieldRequestedError: the state is kept.
    """
    need_torch(work, "training")
    plan = _plan(work)
    if plan is None:
        return
    try:
        with training_folder(work) as folder:
            _train(work, plan, folder)
    except (JobFailedError, CancelRequestedError):
        _note_state(work, None)
        raise


def _train(work: Work, plan: _Plan, folder: Path) -> None:
    # Only workers that train load torch, when they do.
    import torch

    from models.device import compute_device
    from models.generators.pairs import UnfitPairsError
    from models.generators.training import STATE, train_generator

    work.stage("preparing")
    started = time.monotonic()
    run = folder / "run"
    run.mkdir()
    try:
        pairs, config = _pairs(work, plan, folder)
        if plan.state is not None:
            with (run / STATE).open("wb") as file:
                file.writelines(work.store.stream(plan.state))
        work.stage("training")
        training = partial(
            train_generator,
            config,
            pairs,
            run,
            name=plan.name,
            device=compute_device(),
            progress=_progress(work, run / STATE),
            should_stop=_turn_is_over(work, time.monotonic() - started),
            save_seconds=work.settings.checkpoint_seconds,
        )
        try:
            trained = training()
        except CheckpointError as error:
            # Damaged, or an earlier version's: begin again rather than give the job up.
            log.warning("training from the beginning", reason=str(error))
            trained = training(resume=False)
    except UnfitPairsError as error:
        raise JobFailedError(error.code, TITLE, str(error)) from error
    except FloatingPointError as error:
        raise JobFailedError("training-diverged", TITLE, f"{error}.") from error
    except torch.OutOfMemoryError as error:
        shape = config.generator
        raise JobFailedError(
            "out-of-gpu-memory", TITLE,
            f"{config.batch} pairs of {shape.size}x{shape.size} pixels at {shape.channels} "
            "channels do not fit into the GPU's memory.",
        ) from error  # fmt: skip
    if trained is None:
        _keep_state(work, run / STATE)
        raise YieldRequestedError
    results = {
        "steps": config.steps,
        "losses": {
            name: round(value, 6) if math.isfinite(value) else None
            for name, value in trained.losses.items()
        },
    }
    checkpoint = trained.generator.checkpoint()
    with work.database.read() as session:
        state = session.get_one(Generator, work.job.resource_id).state_sha256
    store_checkpoint(work, Generator, checkpoint, results, config.steps, state_sha256=None)
    remove_unneeded(work.database, work.store, [] if state is None else [state])


def _plan(work: Work) -> _Plan | None:
    """None when the generator is there already."""
    with work.database.read() as session:
        row = session.get_one(Generator, work.job.resource_id)
        if row.checkpoint_sha256 is not None:
            return None
        ids = [uuid.UUID(text) for text in row.image_ids or []]
        images = {
            image.id: image for image in session.scalars(select(Image).where(Image.id.in_(ids)))
        }
        for image_id in ids:
            if image_id not in images or images[image_id].erased_at is not None:
                raise JobFailedError(
                    "resource-expired", "The resource has expired", f"Image {image_id} has expired."
                )
        photos = tuple(
            _Photo(image.sha256, image.filename or str(image.id), image.subject_id or image.sha256)
            for image in (images[image_id] for image_id in ids)
        )
        return _Plan(
            name=row.name,
            config=_config(row.options["config"]),
            every_au=row.options["all_aus"],
            archive=row.options["archive"],
            photos=photos,
            drawings=row.options["drawings"],
            state=row.state_sha256,
        )


def _config(stored: Mapping[str, Any]) -> GanConfig:
    parts = {
        "generator": GeneratorConfig.parse(stored["generator"]),
        "losses": LossWeights(**stored["losses"]),
    }
    return GanConfig(**{**stored, **parts})


def _pairs(work: Work, plan: _Plan, folder: Path) -> tuple[PeoplePairs, GanConfig]:
    """What is learned from, and the configuration with the AUs that it has and whence it is."""
    from models.datasets.facts import UnknownDatasetError
    from models.datasets.labelled_images import LabelledImages
    from models.generators.dataset_pairs import dataset_pairs, labelled_aus
    from models.generators.teacher import PersonPhotos, photo_pairs

    shape = plan.config.generator
    if plan.archive is None:
        people: dict[str, list[RegisteredFace]] = {}
        for photo in plan.photos:
            people.setdefault(photo.person, []).append(_registered(work, photo, shape))
        lineage = {"photos": len(plan.photos), "people": len(people), "teacher": "rig"}
        shape = replace(shape, lineage=lineage)
        pairs = photo_pairs(
            [PersonPhotos(neutral, tuple(smiles)) for neutral, *smiles in people.values()],
            folder,
            shape,
            drawings=plan.drawings,
            seed=plan.config.seed,
            progress=lambda _done, _total: _go_on(work),
        )
        return pairs, replace(plan.config, generator=shape)
    archive = folder / "dataset.zip"
    fetch_archive(work, plan.archive, archive)
    try:
        dataset = LabelledImages(archive)
        facts = dataset.facts
        shape = replace(
            shape,
            registration=facts.registration,
            lineage={"dataset_sha256": plan.archive, **facts.as_lineage()},
        )
        if plan.every_au:
            shape = replace(shape, aus=labelled_aus(dataset))
        pairs = dataset_pairs(dataset, folder, shape, seed=plan.config.seed)
    except UnknownDatasetError as error:
        raise JobFailedError(error.code, TITLE, str(error)) from error
    except (zipfile.BadZipFile, KeyError) as error:
        raise JobFailedError("unfit-dataset", TITLE, f"The dataset: {error}.") from error
    archive.unlink()
    return pairs, replace(plan.config, generator=shape)


def _registered(work: Work, photo: _Photo, shape: GeneratorConfig) -> RegisteredFace:
    _go_on(work)
    face = registered(work, work.store.read(photo.sha256), shape.registration, photo.label)
    if not isinstance(face, RegisteredFace):
        raise JobFailedError(face["code"], "The photo cannot be used", face["detail"])
    return face


def _go_on(work: Work) -> None:
    """Raise if there is reason to stop; waiting jobs are none yet."""
    work.lease.check()
    if work.stopping():
        raise YieldRequestedError


def _turn_is_over(work: Work, preparing: float) -> Callable[[], bool]:
    """Whether to stop at a step: this process ends, or others have waited long enough."""
    turn = max(work.settings.slice_seconds, _SHARE * preparing, _LOOK_SECONDS)
    next_look: float | None = None

    def over() -> bool:
        nonlocal next_look
        moment = time.monotonic()
        if next_look is None:
            next_look = moment + turn  # from when all is set up: no turn is without a step
        if work.stopping():
            return True
        if moment < next_look:
            return False
        next_look = moment + _LOOK_SECONDS
        return work.others_wait()

    return over


def _progress(work: Work, state: Path) -> Callable[[int, int], None]:
    """Steps are noted on the job, and each state that was saved goes to the store."""
    note = noted(work)
    kept = state.stat().st_mtime_ns if state.exists() else 0

    def progress(done: int, total: int) -> None:
        nonlocal kept
        note(done, total)
        saved = state.stat().st_mtime_ns if state.exists() else 0
        if saved != kept and done < total:
            kept = saved
            _keep_state(work, state, done=done)

    return progress


def _keep_state(work: Work, state: Path, **values: int) -> None:
    with state.open("rb") as file:
        _note_state(work, work.store.put_file(file), **values)


def _note_state(work: Work, artifact: Artifact | None, **values: int) -> None:
    """Note where the state is, or that there is none, and `values` of the job; the state before
    is removed.

    Raises:
        LeaseLostError.
    """
    with work.database.write() as session:
        keep(session, work.store, [] if artifact is None else [artifact])
        # Getting further counts once it is kept: a worker that always dies before is given up on.
        work.lease.update(session, attempts=0, **values)
        row = session.get_one(Generator, work.job.resource_id)
        before, row.state_sha256 = row.state_sha256, None if artifact is None else artifact.sha256
    if before is not None and (artifact is None or before != artifact.sha256):
        remove_unneeded(work.database, work.store, [before])
