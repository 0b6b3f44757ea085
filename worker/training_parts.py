"""What handlers that train share: PyTorch, the dataset, progress, and the finished checkpoint."""

from __future__ import annotations

import contextlib
import importlib
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final, cast

from sqlalchemy import select

from models.checkpoint_zip import zipped
from models.checkpoints import Checkpoint
from service.artifacts import ArtifactMissingError
from service.db.blobs import keep
from service.db.ids import parse_id
from service.db.tables import Generator, Job, Model
from service.jobs.contracts import ENDED
from worker.threads import share_of_cores
from worker.work import JobFailedError, Work

_SECONDS: Final = 1.0
"""Between two notes of progress."""


def need_torch(work: Work, what: str) -> None:
    """Load PyTorch, with this process's share of the cores; most workers never need it.

    Raises:
        JobFailedError: it is not installed.
    """
    try:
        torch = importlib.import_module("torch")
    except ImportError as error:
        raise JobFailedError(
            "torch-missing",
            "PyTorch is not installed",
            f"This worker has no PyTorch, which {what} needs: run `make torch` or "
            "`pip install torch` there.",
        ) from error
    torch.set_num_threads(share_of_cores(work.settings.worker_concurrency))


@contextlib.contextmanager
def training_folder(work: Work) -> Iterator[Path]:
    """A folder for the files of this job's training, which are gone afterwards.

    What died processes have left of this job, and of jobs that have ended since, goes first: it may
    be some GB, or a network that learned from somebody who was erased.
    """
    above = work.settings.data_dir.absolute() / "training"
    folder = above / str(work.job.id)
    above.mkdir(parents=True, exist_ok=True)
    forget_ended(work, above)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def forget_ended(work: Work, above: Path) -> None:
    """Remove files and folders that are named after a job that has ended."""
    left = [(path, parse_id(path.name.lstrip(".").partition(".")[0])) for path in above.iterdir()]
    named = {job_id for _, job_id in left if job_id is not None}
    with work.database.read() as session:
        query = select(Job.id).where(Job.id.in_(named), Job.state.not_in(ENDED))
        going = set(session.scalars(query))
    for path, job_id in left:
        if job_id is None or job_id in going:
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def fetch_archive(work: Work, sha256: str, path: Path) -> None:
    """A dataset's archive as a file.

    Raises:
        JobFailedError: it is gone.
    """
    try:
        with path.open("wb") as file:
            for piece in work.store.stream(sha256):
                file.write(piece)
    except ArtifactMissingError as error:
        raise JobFailedError(
            "dataset-not-found", "No such dataset", "The dataset's file is gone."
        ) from error


def noted(work: Work, **values: Any) -> Callable[[int, int], None]:
    """What a training loop tells of its steps: noted on the job now and then, with `values`.

    Raises:
        LeaseLostError, CancelRequestedError: from the loop, at any step.
    """
    last = 0.0

    def progress(done: int, total: int) -> None:
        nonlocal last
        work.lease.check()
        if done < total and time.monotonic() - last < _SECONDS:
            return
        last = time.monotonic()
        with work.database.write() as session:
            work.lease.update(session, done=done, total=total, **values)

    return progress


def store_checkpoint(
    work: Work,
    table: type[Model] | type[Generator],
    made: Checkpoint,
    results: dict[str, Any] | None,
    done: int,
    **values: Any,
) -> None:
    """Keep a checkpoint as what the job makes, with further `values` of its row."""
    artifact = work.store.put(zipped(made))
    with work.database.write() as session:
        keep(session, work.store, [artifact])
        work.advance(session, done, 1)
        row = cast("Model | Generator", session.get_one(table, work.job.resource_id))
        row.config, row.results = dict(made.config), results
        row.checkpoint_sha256, row.checkpoint_size = artifact.sha256, artifact.size
        for name, value in values.items():
            setattr(row, name, value)
