"""Reading the frames of a corpus with one model or two, and holding them against its labels."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import numpy as np

from models.corpora.table import LabelTable
from models.evaluation.collected import BATCH, Collected, Faces, kinds
from models.evaluation.groups import Groups
from models.evaluation.held_out import IndexArray, NoFramesError, chosen_frames
from models.evaluation.outcome import outcome
from service.db.tables import Evaluation
from worker.corpus_faces import CorpusFaces, corpus_faces
from worker.disk import room_needed
from worker.lease import CancelRequestedError
from worker.readers import load_model
from worker.threads import share_of_cores
from worker.training_parts import forget_ended
from worker.work import JobFailedError, Work, YieldRequestedError

KEPT_EVERY: Final = 20
"""Batches between two writings of what was read: 20 * 64 faces, some seconds of work."""
_TITLE: Final = "Nothing to evaluate on"


def evaluate_model(work: Work) -> None:
    """Read what has not been read, on from where this machine left it, and write the figures.

    Raises:
        JobFailedError: a model or the corpus is gone, or no frame fits.
        LeaseLostError, CancelRequestedError, YieldRequestedError: what is read is kept.
    """
    with work.database.read() as session:
        row = session.get_one(Evaluation, work.job.resource_id)
        if row.result is not None:
            return
        options, names = row.options, [name for name in (row.model, row.against) if name]
    faces = corpus_faces(work, options["labels"], options["faces"])
    state = _state(work)
    try:
        frames, notes = chosen_frames(faces.table, options["split"])
        collected = _read(work, faces, frames, names, state)
        work.stage("measuring")
        found = outcome(
            faces.table,
            collected,
            _groups(faces.table, options["groups"]),
            notes=(*options["notes"], *notes),
            count=options["resamples"],
            seed=options["seed"],
        )
    except (JobFailedError, CancelRequestedError):
        state.unlink(missing_ok=True)
        raise
    except (NoFramesError, ValueError) as error:
        state.unlink(missing_ok=True)
        raise JobFailedError("nothing-to-evaluate", _TITLE, _sentence(error)) from error
    with work.database.write() as session:
        work.advance(session, len(frames), 1)
        session.get_one(Evaluation, work.job.resource_id).result = found
    state.unlink(missing_ok=True)


def _read(
    work: Work, faces: CorpusFaces, frames: IndexArray, names: list[str], state: Path
) -> Collected:
    readers = [load_model(work, name).reader for name in names]
    wanted = kinds(readers)
    work.stage("reading")
    with work.database.write() as session:
        work.lease.update(session, total=len(frames))
    collected = Collected.load(state, readers)
    if not np.array_equal(collected.frame, frames[: len(collected.frame)]):
        collected = Collected.none(readers)

    def registered(frame: int) -> Faces:
        return {kind: faces.face(frame, kind).image for kind in wanted}

    share = share_of_cores(work.settings.worker_concurrency)
    with ThreadPoolExecutor(share, thread_name_prefix="faces") as pool:
        for number, start in enumerate(range(len(collected.frame), len(frames), BATCH)):
            batch = frames[start : start + BATCH].tolist()
            with work.timings.stage("register"):
                shown = list(pool.map(registered, batch))
            with work.timings.stage("estimate"):
                collected = collected.with_faces(readers, batch, shown)
            if number % KEPT_EVERY == KEPT_EVERY - 1:
                _keep(collected, state)
            with work.database.write() as session:
                work.lease.update(session, done=len(collected.frame), attempts=0)
            try:
                work.check()
            except YieldRequestedError:
                _keep(collected, state)
                raise
    return collected


def _keep(collected: Collected, state: Path) -> None:
    with room_needed():
        collected.save(state)


def _groups(table: LabelTable, told: Mapping[str, Mapping[str, str]] | None) -> Groups:
    by_name: dict[str, dict[str, str]] = {}
    for subject, groups in (told or {}).items():
        if subject in table.subjects:
            for name, value in groups.items():
                by_name.setdefault(name, {})[subject] = value
    return Groups(by_name)


def _state(work: Work) -> Path:
    folder = work.settings.data_dir.absolute() / "evaluations"
    folder.mkdir(parents=True, exist_ok=True)
    # What died processes have left of jobs that have ended since.
    forget_ended(work, folder)
    return folder / f"{work.job.id}.safetensors"


def _sentence(error: Exception) -> str:
    told = str(error)
    return f"{told[:1].upper()}{told[1:].rstrip('.')}."
