"""Reading AU intensities from the images of an estimate.

An item is done when its result is there; files that were sent along are let go with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import select

from models.registration.face import RegisteredFace
from service.artifacts import ArtifactMissingError
from service.db.blobs import remove_unneeded
from service.db.tables import Estimate, EstimateItem, Image
from service.jobs.contracts import job_error
from worker.person_check import TITLE, looks_like_another
from worker.readers import (
    FoundFace,
    LoadedModel,
    described_face,
    found_face,
    load_model,
    too_small,
)
from worker.threads import share_of_cores
from worker.work import Work


@dataclass(frozen=True)
class _Item:
    """An image to read: where its bytes are, if anywhere, and how messages name it."""

    index: int
    file: str
    sha256: str | None


def read_images(work: Work) -> None:
    """Read the images that have not been, in batches.

    Raises:
        JobFailedError: the model cannot be used.
        LeaseLostError, CancelRequestedError, YieldRequestedError: what is read stays.
    """
    with work.database.read() as session:
        row = session.get_one(Estimate, work.job.resource_id)
        model_id, any_person = row.model, row.any_person
    model = load_model(work, model_id)
    items = _missing(work)
    done = work.job.total - len(items)
    work.stage("reading")
    share = share_of_cores(work.settings.worker_concurrency)
    with ThreadPoolExecutor(share, thread_name_prefix="faces") as pool:
        for start in range(0, len(items), work.settings.batch_size):
            work.check()
            batch = items[start : start + work.settings.batch_size]
            seen = list(pool.map(lambda item: _seen(work, model, item, any_person), batch))
            results = _read(work, model, seen)
            done += len(batch)
            _keep(work, batch, results, done)


def _missing(work: Work) -> list[_Item]:
    query = (
        select(EstimateItem, Image)
        .outerjoin(Image, Image.id == EstimateItem.image_id)
        .where(EstimateItem.estimate_id == work.job.resource_id, EstimateItem.result.is_(None))
        .order_by(EstimateItem.index)
    )
    with work.database.read() as session:
        return [
            _Item(item.index, item.file, _source(item, image))
            for item, image in session.execute(query)
        ]


def _source(item: EstimateItem, image: Image | None) -> str | None:
    if item.image_id is None:
        return item.sha256
    return None if image is None or image.erased_at is not None else image.sha256


@dataclass(frozen=True, eq=False)
class _Seen:
    """What was seen in an item: a face, a problem, or a face that is not to be read.

    Attributes:
        face: registered.
        described: where it is and looks.
        problem: why nothing is read.
    """

    face: RegisteredFace | None = None
    described: dict[str, Any] | None = None
    problem: Mapping[str, Any] | None = None


def _seen(work: Work, model: LoadedModel, item: _Item, any_person: bool) -> _Seen:
    """Look at an item; runs on a thread of the pool."""
    gone = {"code": "resource-expired", "detail": f"{item.file} has expired."}
    if item.sha256 is None:
        return _Seen(problem=gone)
    try:
        data = work.store.read(item.sha256)
    except ArtifactMissingError:
        return _Seen(problem=gone)
    face = found_face(work, data, model.reader.config.registration, item.file)
    if not isinstance(face, FoundFace):
        return _Seen(problem=face)
    problem = too_small(face, item.file)
    if problem is None and model.person is not None and not any_person:
        problem = looks_like_another(face.registered, model.person, item.file)
        if problem is not None:
            advice = "If it is the subject all the same, send any_person."
            problem = {**problem, "detail": f"{problem['detail']} {advice}"}
    return _Seen(face.registered, described_face(face, work.models.registrar), problem)


def _read(work: Work, model: LoadedModel, seen: Sequence[_Seen]) -> list[dict[str, Any]]:
    images = [one.face.image for one in seen if one.face and not one.problem]
    estimates: Iterator[Mapping[str, Any]] = iter(())
    if images:
        with work.timings.stage("estimate", len(images)):
            read = model.reader.estimate(np.stack(images))
        estimates = iter(read.as_dicts())
    results = []
    for one in seen:
        result: dict[str, Any] = {"face": one.described} if one.described else {}
        if one.problem:
            code = one.problem["code"]
            error = job_error(code, _TITLES.get(code, _TITLE), one.problem["detail"])
            results.append({**result, "error": error})
        else:
            results.append({**result, "intensities": next(estimates)})
    return results


def _keep(work: Work, batch: Sequence[_Item], results: Sequence[dict[str, Any]], done: int) -> None:
    """Write down a batch; the files that were sent for it are no longer needed."""
    with work.database.write() as session:
        work.advance(session, done, len(batch))
        for item, result in zip(batch, results, strict=True):
            row = session.get_one(EstimateItem, (work.job.resource_id, item.index))
            row.result, row.sha256 = result, None
    remove_unneeded(work.database, work.store, {item.sha256 for item in batch if item.sha256})


_TITLE = "The image cannot be used"
_TITLES = {
    "no-face": "No face was found",
    "face-too-small": "The face is too small",
    "resource-expired": "The resource has expired",
    "other-person": TITLE,
}
