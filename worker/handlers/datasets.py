"""Building a dataset: plan it, have its shards drawn, put them together in one file.

The job plans and cuts the images into shards; `worker.handlers.dataset_shards` draws one. When
all are drawn, the job streams their packs into the archive, so that its memory does not depend
on how many images there are.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import numpy as np

from models.balancing.pixel_check import PixelCheck, Sighting
from models.balancing.report import BalanceReport
from models.datasets.description import DatasetDescription
from models.datasets.image_folder import write_image_folder
from models.datasets.preview import Preview
from models.datasets.references import Reference
from models.datasets.rows import DatasetRow
from models.datasets.web_dataset import write_web_dataset
from models.images import encode_png
from models.packs import read_pack
from service.artifacts import Artifact
from service.db import tables
from service.db.blobs import keep, remove_unneeded
from service.jobs.contracts import DATASET_SHARD
from worker.corpus_items import corpus_items
from worker.dataset_items import Items
from worker.disk import room_needed
from worker.image_items import image_items
from worker.shards import Finished, check, discard, fan_out, finished_shards, stretches
from worker.work import JobFailedError, Work

PIXELS_SECTION: Final = "Balance in the pixels"
_STAGE: Final = "drawing"


def build_dataset(work: Work) -> None:
    """Cut a dataset into shards or, when those are drawn, put it together.

    Raises:
        JobFailedError: it cannot be made.
        ShardsPendingError, LeaseLostError, CancelRequestedError, YieldRequestedError.
    """
    work.stage("planning")
    with work.database.read() as session:
        if session.get_one(tables.Dataset, work.job.resource_id).archive_sha256 is not None:
            return
    parts = finished_shards(work, _STAGE)
    items = items_of(work)
    report = items.report()
    if parts is None:
        cut = stretches(items.total, work.settings.images_per_shard)
        fan_out(work, DATASET_SHARD, cut, _STAGE, lambda session: _note(session, work, report))
    _put_together(work, items, report, parts)


def items_of(work: Work) -> Items:
    """What the images of the job's dataset are drawn from; planned once a process.

    Raises:
        JobFailedError: it has been deleted, or its sources have.
    """
    with work.database.read() as session:
        row = session.get_one(tables.Dataset, work.job.resource_id)
        erased, address, spec, image_ids = row.erased_at, row.address, row.spec, row.image_ids
        corpus = None if row.corpus_id is None else session.get_one(tables.Corpus, row.corpus_id)
        # Asked each time: faces may still be in memory here, but are not to be drawn any more.
        is_gone = corpus is not None and corpus.erased_at is not None
    if erased is not None:
        raise JobFailedError("dataset-not-found", "No such dataset", "The dataset was deleted.")
    if is_gone:
        raise JobFailedError("corpus-not-found", "No such corpus", "The corpus was deleted.")
    if image_ids is not None:
        return image_items(work, spec, image_ids)
    return work.models.recent.get(("items", address), lambda: corpus_items(work, spec))


@dataclass(frozen=True)
class _Built:
    images: int
    archive: Artifact
    preview: Artifact
    pixels: PixelCheck


def _note(session: Any, work: Work, report: BalanceReport | None) -> None:
    row = session.get_one(tables.Dataset, work.job.resource_id)
    if report is not None:
        row.balance, row.notes = report.as_dict(), list(report.notes)


def _put_together(
    work: Work, items: Items, report: BalanceReport | None, parts: Sequence[Finished]
) -> None:
    work.stage("packing")
    with work.database.read() as session:
        row = session.get_one(tables.Dataset, work.job.resource_id)
        spec, address = row.spec, str(row.address)
    built = _build(work, items, report, parts, spec, address)
    with work.database.write() as session:
        keep(session, work.store, [built.archive, built.preview])
        work.lease.update(session, done=built.images, attempts=0)
        row = session.get_one(tables.Dataset, work.job.resource_id)
        if row.erased_at is not None:
            raise JobFailedError("dataset-not-found", "No such dataset", "The dataset was deleted.")
        row.images = built.images
        row.archive_sha256, row.archive_size = built.archive.sha256, built.archive.size
        row.preview_sha256 = built.preview.sha256
        row.pixel_check = built.pixels.as_dict() if spec["synthetic"] else None
        packs = discard(session, work.job.id)
    remove_unneeded(work.database, work.store, packs)


def _build(
    work: Work,
    items: Items,
    report: BalanceReport | None,
    parts: Sequence[Finished],
    spec: Mapping[str, Any],
    address: str,
) -> _Built:
    preview = Preview(items.sheet())
    pixels = _pixels(parts)
    described = _description(items, spec, address, pixels)
    with room_needed(), tempfile.TemporaryFile() as file:
        with work.timings.stage("pack"):
            images = _images(work, items, parts, preview)
            if spec["format"] == "webdataset":
                count = write_web_dataset(file, images, described, report)
            else:
                references = _checked(work, items.references())
                count = write_image_folder(file, images, described, report, references)
        check(work)
        archive = work.store.put_file(file)
    return _Built(count, archive, work.store.put(encode_png(preview.image())), pixels)


def _images(
    work: Work, items: Items, parts: Sequence[Finished], preview: Preview
) -> Iterator[tuple[DatasetRow, bytes]]:
    """Rows and PNGs of all shards in order, one shard in memory at a time."""
    for part in parts:
        check(work)
        if part.sha256 is None:
            raise JobFailedError("job-failed", "The job failed", "A shard came without images.")
        planned = items.stretch(part.start, part.stop)
        pack = read_pack(work.store.read(part.sha256))
        for item, (index, png) in zip(planned, pack, strict=True):
            preview.add(index, png)
            yield item.row, png


def _checked(work: Work, references: Iterable[Reference]) -> Iterator[Reference]:
    """The same, one person at a time, as long as the job is still this worker's."""
    for reference in references:
        check(work)
        yield reference


def _pixels(parts: Sequence[Finished]) -> PixelCheck:
    pixels = PixelCheck()
    for part in parts:
        for seen in part.result["sightings"]:
            pixels.add(None if seen is None else sighting(seen))
    return pixels


def sighting(stored: Mapping[str, Sequence[float | None]]) -> Sighting:
    """A sighting as a shard's result holds it."""
    target, found = (
        np.array([np.nan if value is None else value for value in stored[name]], np.float32)
        for name in ("target", "found")
    )
    return Sighting(target, found)


def _description(
    items: Items, spec: Mapping[str, Any], address: str, pixels: PixelCheck
) -> DatasetDescription:
    drawn = bool(spec["synthetic"])
    what = "synthetic" if drawn else "real, registered"
    origin, aim = "uploaded photos", ""
    if "corpus" in spec:
        origin = f"the corpus {spec['corpus']['name']}"
        aim = f", balanced over {', '.join(spec['aus'])} at every intensity the corpus has"
    return DatasetDescription(
        name=spec["name"],
        summary=f"{items.total:,} {what} face images of 224x224 pixels from {origin}{aim}.",
        generator=spec["generator"] if drawn else "nobody: real frames, over- and under-sampled",
        sources=items.sources(),
        spec=cast("Mapping[str, object]", spec),
        synthetic=drawn,
        registration="2d" if spec["registration"] == "2d" else "3d",
        poses=tuple((float(pitch), float(yaw)) for pitch, yaw in spec["poses"]),
        corpus=spec["corpus"]["name"] if "corpus" in spec else None,
        url=f"urn:sha256:{address}",
        sections=((PIXELS_SECTION, pixels.as_markdown()),) if drawn else (),
    )
