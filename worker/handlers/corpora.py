"""Importing a corpus: read its labels, register every frame once, keep the faces that were found.

The job reads the labels and cuts the frames into shards. A shard decodes its frames and keeps
their faces in one pack. When all are done, the job writes down which frames have a face.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

import numpy as np
from sqlalchemy.orm import Session

from models.corpora.corpus import Corpus
from models.corpora.errors import FrameMissingError
from models.corpora.files import VIDEO_SUFFIXES
from models.corpora.frames import FrameIndex, write_index
from models.corpora.table import LabelTable, write_table
from models.packs import HEADER_SIZE, directory_size, read_directory, write_pack
from models.registration.kept import keep_face
from models.registration.registrar import RegistrationError
from service.db import tables
from service.db.blobs import keep, remove_unneeded
from service.jobs.contracts import CORPUS_SHARD
from worker.corpus_files import CorpusPlace, forget, opened, place_of
from worker.shards import (
    Finished,
    check,
    discard,
    fan_out,
    finish,
    finished_shards,
    stretch,
    stretches,
)
from worker.work import JobFailedError, Work

EXAMPLES: Final = 20
"""Skipped frames that are named; all are counted."""
NO_FACE: Final = "no-face"
UNREADABLE: Final = "unreadable"
_STAGE: Final = "registering"


def import_corpus(work: Work) -> None:
    """Cut a corpus into shards or, when those are done, put together what they found.

    Raises:
        JobFailedError: the files are no such corpus, or no frame shows a face.
        ShardsPendingError, LeaseLostError, CancelRequestedError, YieldRequestedError.
    """
    work.stage("reading")
    with work.database.read() as session:
        if session.get_one(tables.Corpus, work.job.resource_id).index_sha256 is not None:
            return
        place = place_of(session, work)
    parts = finished_shards(work, _STAGE)
    with opened(work, place) as corpus:
        if parts is None:
            _cut(work, corpus)
        _put_together(work, place, corpus, parts)
    forget(work, place)


def register_frames(work: Work) -> None:
    """Register one stretch of frames.

    Raises:
        JobFailedError: a video cannot be opened.
        LeaseLostError, CancelRequestedError, YieldRequestedError.
    """
    mine = stretch(work)
    if mine.done:
        return
    with work.database.read() as session:
        place = place_of(session, work)
    work.stage(_STAGE)
    numbers: list[int] = []
    pieces: list[bytes] = []
    skipped: Counter[str] = Counter()
    examples: list[dict[str, str]] = []
    with opened(work, place) as corpus:
        for index, picture in corpus.pixels(range(mine.start, mine.stop)):
            check(work)
            reason = _kept(work, picture, pieces)
            if reason is None:
                numbers.append(index)
                continue
            skipped[reason[0]] += 1
            if len(examples) < EXAMPLES:
                examples.append(
                    {"frame": source_name(corpus, index), "reason": reason[0], "detail": reason[1]}
                )
    artifact = work.store.put(write_pack(numbers, pieces)) if pieces else None
    finish(work, artifact, {"skipped": dict(skipped), "examples": examples})


def source_name(corpus: Corpus, index: int) -> str:
    """How people find a frame again."""
    frame = corpus.frame(index)
    if frame.file.suffix.lower() in VIDEO_SUFFIXES:
        return f"{frame.sequence}/{frame.number}"
    return f"{frame.sequence}/{frame.file.name}" if frame.sequence != "." else frame.file.name


def _kept(work: Work, picture: Any, pieces: list[bytes]) -> tuple[str, str] | None:
    """Add a frame's face to `pieces`; else why there is none."""
    if isinstance(picture, FrameMissingError):
        return UNREADABLE, picture.reason
    try:
        with work.timings.stage("register"):
            pieces.append(keep_face(work.models.registrar, picture))
    except RegistrationError as error:
        return NO_FACE, str(error)
    return None


def _cut(work: Work, corpus: Corpus) -> NoReturn:
    summary = corpus.describe()

    def note(session: Session) -> None:
        session.get_one(tables.Corpus, work.job.resource_id).summary = summary

    parts = stretches(len(corpus), work.settings.frames_per_shard)
    fan_out(work, CORPUS_SHARD, parts, _STAGE, note)


def _put_together(
    work: Work, place: CorpusPlace, corpus: Corpus, parts: Sequence[Finished]
) -> None:
    work.stage("indexing")
    index = _index(work, corpus, parts)
    skipped = _skipped(parts)
    if not len(index):
        raise JobFailedError(
            NO_FACE,
            "No face was found",
            f"None of the {len(corpus):,} frames can be used: "
            + ", ".join(f"{count:,} {why}" for why, count in skipped["counts"].items())
            + ".",
        )
    labels = work.store.put(_stored(corpus.table.take(index.frame)))
    frames = work.store.put(write_index(index))
    work.check()
    with work.database.write() as session:
        keep(session, work.store, [labels, frames])
        work.lease.update(session, done=len(corpus), attempts=0)
        row = session.get_one(tables.Corpus, work.job.resource_id)
        if row.erased_at is not None:
            raise JobFailedError("corpus-not-found", "No such corpus", "The corpus was deleted.")
        for number, sha256 in enumerate(index.packs):
            session.add(tables.CorpusPack(corpus_id=row.id, number=number, sha256=sha256))
        row.labels_sha256, row.index_sha256 = labels.sha256, frames.sha256
        row.registered, row.skipped, row.archive_sha256 = len(index), skipped, None
        discard(session, work.job.id)
    remove_unneeded(
        work.database, work.store, [place.archive_sha256] if place.archive_sha256 else []
    )


def _index(work: Work, corpus: Corpus, parts: Sequence[Finished]) -> FrameIndex:
    """Where each kept face is, read from the directories of the packs alone."""
    packs = [part.sha256 for part in parts if part.sha256 is not None]
    numbers, offsets, lengths, pack = [], [], [], []
    for place, sha256 in enumerate(packs):
        header = b"".join(work.store.stream(sha256, 0, HEADER_SIZE))
        directory = b"".join(work.store.stream(sha256, 0, directory_size(header)))
        number, offset, length = read_directory(directory)
        numbers.append(number)
        offsets.append(offset)
        lengths.append(length)
        pack.append(np.full(len(number), place, np.int32))
    none = np.zeros(0, np.int32)
    frame = np.concatenate([none, *numbers])
    return FrameIndex(
        packs=tuple(packs),
        pack=np.concatenate([none, *pack]),
        offset=np.concatenate([none.astype(np.int64), *offsets]),
        length=np.concatenate([none, *lengths]),
        frame=frame,
        source=np.asarray([source_name(corpus, int(index)) for index in frame], np.str_),
    )


def _skipped(parts: Sequence[Finished]) -> dict[str, Any]:
    counts: Counter[str] = Counter()
    examples: list[dict[str, str]] = []
    for part in parts:
        counts.update(part.result["skipped"])
        examples += part.result["examples"]
    return {"counts": dict(sorted(counts.items())), "examples": examples[:EXAMPLES]}


def _stored(table: LabelTable) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "labels.parquet"
        write_table(table, path)
        return path.read_bytes()
