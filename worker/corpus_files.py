"""The files of a corpus that is being imported, where this machine can read them."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy.orm import Session

from models.corpora.archive import ArchiveLimits, unpack
from models.corpora.corpus import Corpus
from models.corpora.errors import ArchiveError, CorpusError, ScaleUnknownError
from models.corpora.files import content_root
from models.corpora.options import stored_options
from models.corpora.registry import layout_named, read_corpus
from service.db import tables
from worker.disk import room_needed
from worker.work import JobFailedError, Work

UNUSED_SECONDS: Final = 3600.0
"""Unpacked files that nobody has opened for this long make room for others."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class CorpusPlace:
    """Where the files of a corpus come from, an uploaded archive or a path below the root, and how
    they are read: `options` is JSON of `models.corpora.options.stored_options`."""

    name: str
    layout: str
    options: str
    path: str | None
    archive_sha256: str | None


def place_of(session: Session, work: Work) -> CorpusPlace:
    """Where the files of the corpus a job fills are.

    Raises:
        JobFailedError: it has been deleted.
    """
    row = session.get_one(tables.Corpus, work.job.resource_id)
    if row.erased_at is not None:
        raise JobFailedError("corpus-not-found", "No such corpus", "The corpus was deleted.")
    options = json.dumps(row.options or {}, sort_keys=True)
    return CorpusPlace(row.name, row.layout, options, row.path, row.archive_sha256)


@contextlib.contextmanager
def opened(work: Work, place: CorpusPlace) -> Iterator[Corpus]:
    """The corpus, its labels read; its pixels can be decoded within the block.

    Raises:
        JobFailedError: the files are not a corpus of this layout, which names file and line, or
            it has to be told on what scale their labels are.
    """
    with _folder(work, place) as root:
        key = (root, place.layout, place.options, root.stat().st_mtime_ns)
        allowed = work.settings.corpora_root if place.path is not None else None
        options = stored_options(json.loads(place.options), allowed and allowed.resolve())
        try:
            yield work.models.recent.get(
                key, lambda: read_corpus(root, layout_named(place.layout), options)
            )
        except ScaleUnknownError as error:
            raise JobFailedError(
                "unknown-scale", "The scale of the labels is not known", sentence(error, root)
            ) from error
        except CorpusError as error:
            raise JobFailedError(
                "unreadable-corpus", "The corpus cannot be read", sentence(error, root)
            ) from error


def sentence(error: CorpusError, root: Path) -> str:
    """What is wrong, with the place below the corpus's own folder."""
    try:
        path = str(error.path.relative_to(root.resolve()))
    except ValueError:
        path = error.path.name
    where = "the corpus" if path == "." else path
    line = "" if error.line is None else f", line {error.line}"
    return f"{where}{line}: {error.reason}"


def forget(work: Work, place: CorpusPlace) -> None:
    """Remove what was unpacked here; other machines do so when they need the room."""
    if place.archive_sha256 is not None:
        shutil.rmtree(_base(work) / place.archive_sha256, ignore_errors=True)


@contextlib.contextmanager
def _folder(work: Work, place: CorpusPlace) -> Iterator[Path]:
    if place.path is not None:
        root = work.settings.corpora_root
        if root is None or not (root / place.path).is_dir():
            raise JobFailedError(
                "unreadable-corpus",
                "The corpus cannot be read",
                f"This worker has no folder {place.path!r} below FACSIMILE_CORPORA_ROOT.",
            )
        found = (root / place.path).resolve()
        if not found.is_relative_to(root.resolve()):  # it has become a link since it was asked for
            raise JobFailedError(
                "unreadable-corpus",
                "The corpus cannot be read",
                "Its folder is a link that leads out of FACSIMILE_CORPORA_ROOT.",
            )
        yield found
        return
    if place.archive_sha256 is None:
        raise JobFailedError("corpus-not-found", "No such corpus", "The archive is gone.")
    base = _base(work)
    base.mkdir(parents=True, exist_ok=True)
    folder = base / place.archive_sha256
    with (base / f"{place.archive_sha256}.lock").open("a") as lock:
        # One process of a machine unpacks; the others wait here, and all may read.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            _forget_unused(base)
            _unpack(work, place.archive_sha256, folder)
        os.utime(lock.fileno())
        fcntl.flock(lock, fcntl.LOCK_SH)
        yield content_root(folder)


def _unpack(work: Work, sha256: str, folder: Path) -> None:
    archive = folder.with_suffix(".zip")
    limits = ArchiveLimits(max_bytes=work.settings.max_unpacked_bytes)
    try:
        with room_needed():
            with archive.open("wb") as file:
                for piece in work.store.stream(sha256):
                    file.write(piece)
            unpack(archive, folder, limits)
    except ArchiveError as error:
        raise JobFailedError("unsafe-archive", "The archive cannot be used", str(error)) from error
    finally:
        archive.unlink(missing_ok=True)


def _forget_unused(base: Path) -> None:
    oldest = time.time() - UNUSED_SECONDS
    for lock in base.glob("*.lock"):
        if lock.stat().st_mtime < oldest:
            log.info("removing an unpacked corpus", sha256=lock.stem)
            shutil.rmtree(base / lock.stem, ignore_errors=True)
    for partial in base.glob(".*"):
        if partial.stat().st_mtime < oldest:
            shutil.rmtree(partial, ignore_errors=True)


def _base(work: Work) -> Path:
    return work.settings.data_dir.absolute() / "unpacked"
