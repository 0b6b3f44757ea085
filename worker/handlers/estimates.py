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
from worker.readers import LoadedModel, described_face, load_model, registered
from worker.threads import share_of_cores
from worker.work import Work


@dataclass(frozen=True)
class _Item:
    """An image to read: where its bytes are, if anywhere, and how messages name it."""

    index: int
    file: str
    sha256: str | None


@dataclass(frozen=True)
class _Face:
    """A face to read, and what is said of where it is and looks."""

    registered: RegisteredFace
    described: dict[str, Any]


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
            faces = list(pool.map(lambda item: _face(work, model, item, any_person), batch))
            results = _read(work, model, faces)
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


def _face(work: Work, model: LoadedModel, item: _Item, any_person: bool) -> _Face | dict[str, Any]:
    """The face of an item, or why there is none; runs on a thread of the pool."""
    gone = {"code": "resource-expired", "detail": f"{item.file} has expired."}
    if item.sha256 is None:
        return gone
    try:
        data = work.store.read(item.sha256)
    except ArtifactMissingError:
        return gone
    face = registered(work, data, model.reader.config.registration, item.file)
    if not isinstance(face, RegisteredFace):
        return face
    if model.person is not None and not any_person:
        other = looks_like_another(face, model.person, item.file)
        if other is not None:
            return other
    return _Face(face, described_face(face, work.models.registrar))


def _read(
    work: Work, model: LoadedModel, faces: Sequence[_Face | dict[str, Any]]
) -> list[dict[str, Any]]:
    found = [face.registered for face in faces if isinstance(face, _Face)]
    estimates: Iterator[Mapping[str, Any]] = iter(())
    if found:
        with work.timings.stage("estimate", len(found)):
            read = model.reader.estimate(np.stack([face.image for face in found]))
        estimates = iter(read.as_dicts())
    return [
        {"face": face.described, "intensities": next(estimates)}
        if isinstance(face, _Face)
        else {"error": job_error(face["code"], _TITLES.get(face["code"], _TITLE), face["detail"])}
        for face in faces
    ]


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
    "resource-expired": "The resource has expired",
    "other-person": TITLE,
}
