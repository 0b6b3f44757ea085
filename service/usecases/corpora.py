"""Importing corpora: what is accepted, reading them, and deleting them."""

from __future__ import annotations

import os
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from models.corpora import registry
from models.corpora.archive import ArchiveLimits, inspect
from models.corpora.errors import ArchiveError
from models.corpora.options import ReadOptionError, ReadOptions
from service.artifacts import Artifact
from service.config import Settings
from service.db.ids import new_id
from service.db.repositories import Corpora, Jobs, Page
from service.db.shards import cancel_shards, shards_of
from service.db.tables import Corpus, CorpusPack, Job, Shard
from service.db.types import now
from service.errors.corpora import (
    CorpusNotFoundError,
    InvalidReadOptionError,
    PathNotAllowedError,
    UnknownLayoutError,
    UnsafeArchiveError,
)
from service.errors.resources import ResourceExpiredError
from service.jobs.contracts import CANCELLED, CORPUS, ENDED
from service.jobs.queue import enqueue
from service.usecases.images import expiry, has_expired
from service.usecases.jobs import page_with_jobs
from service.wire.corpora import CorpusRequest


@dataclass(frozen=True)
class About:
    """What whoever imports a corpus says of it."""

    name: str
    layout: str
    licence: str | None
    consent: str | None
    options: ReadOptions


def about(asked: CorpusRequest) -> About:
    """Check what is asked for.

    Raises:
        UnknownLayoutError: no corpus is read in this layout.
        InvalidReadOptionError: an option does not go with the layout; `pointer` names it.
    """
    options = ReadOptions(
        scale=asked.scale,
        missing=tuple(str(code) for code in asked.missing),
        views=tuple(dict.fromkeys(asked.views)),
        cameras=tuple(dict.fromkeys(asked.cameras)),
        min_confidence=asked.min_confidence,
    )
    try:
        options.check(registry.layout_named(asked.layout))
    except registry.UnknownLayoutError as error:
        raise UnknownLayoutError(str(error)) from error
    except ReadOptionError as error:
        raise InvalidReadOptionError(str(error), pointer=f"/{error.field}") from error
    return About(asked.name, asked.layout, asked.licence, asked.consent, options)


def check_archive(archive: IO[bytes], settings: Settings) -> None:
    """Refuse an archive that is not safe to unpack, before anything of it is kept.

    Raises:
        UnsafeArchiveError: `member` names the entry to blame, if one.
    """
    try:
        inspect(archive, ArchiveLimits(max_bytes=settings.max_unpacked_bytes))
    except ArchiveError as error:
        member = {} if error.member is None else {"member": error.member}
        raise UnsafeArchiveError(f"The archive: {error}.", **member) from error


def check_path(path: str, settings: Settings) -> str:
    """A path below the allowed root, in its plain form.

    Raises:
        PathNotAllowedError: it leads elsewhere, is no folder, or no root is allowed.
    """
    if settings.corpora_root is None:
        raise PathNotAllowedError(
            "This server imports no corpora by path; its operator may set FACSIMILE_CORPORA_ROOT. "
            "Send the corpus as an archive."
        )
    root = settings.corpora_root.resolve()
    try:
        # Resolved first, contained then: links that lead out are out.
        found = (root / path).resolve()
        is_inside = found.is_relative_to(root)
        is_allowed = is_inside and found.is_dir()
        # what lies outside is not told of, but a path within may be told to be a link
        is_link = not is_inside and Path(os.path.normpath(root / path)).is_relative_to(root)
    except (OSError, ValueError, RuntimeError):  # too long, a null byte, links in a circle
        is_allowed = is_link = False
    if is_link:
        raise PathNotAllowedError("This is a link that leads out of the allowed root.")
    if not is_allowed:
        raise PathNotAllowedError("There is no such folder below the allowed root.")
    return str(found.relative_to(root))


def create(
    session: Session,
    settings: Settings,
    owner_id: uuid.UUID,
    said: About,
    source: Artifact | str,
    request_id: str | None,
) -> tuple[Corpus, Job]:
    """Make the rows of a corpus and of its import, and note the job to be sent after commit.

    Args:
        source: the stored archive, its lock held, or a path that `check_path` gave.
    """
    corpus_id = new_id()
    job = Jobs(session, owner_id).start(CORPUS, corpus_id, request_id)
    corpus = Corpora(session, owner_id).add(
        Corpus(
            id=corpus_id,
            owner_id=owner_id,
            job_id=job.id,
            name=said.name,
            layout=said.layout,
            licence=said.licence,
            consent=said.consent,
            options=said.options.as_dict() or None,
            path=source if isinstance(source, str) else None,
            archive_sha256=None if isinstance(source, str) else source.sha256,
            expires_at=expiry(settings),
        )
    )
    enqueue(session, job)
    return corpus, job


def get(session: Session, owner_id: uuid.UUID, corpus_id: uuid.UUID | None) -> tuple[Corpus, Job]:
    """A corpus with its job.

    Raises:
        CorpusNotFoundError, ResourceExpiredError.
    """
    corpus = None if corpus_id is None else Corpora(session, owner_id).get(corpus_id)
    if corpus is not None and has_expired(corpus.expires_at):
        raise ResourceExpiredError("This corpus has expired; import it again.")
    if corpus is None or corpus.erased_at is not None:
        raise CorpusNotFoundError("You have no corpus with this id.")
    return corpus, session.get_one(Job, corpus.job_id)


def page(
    session: Session, owner_id: uuid.UUID, limit: int, before: uuid.UUID | None
) -> tuple[Page[Corpus], dict[uuid.UUID, Job]]:
    """An owner's corpora, newest first, and their jobs by id."""
    return page_with_jobs(Corpora(session, owner_id), limit, before)


def erase(session: Session, corpus: Corpus) -> list[str]:
    """Erase a corpus, its import stopped if need be; the blobs it referred to.

    Datasets that were made of it stay. Blobs are deleted by whoever commits the erasure.
    """
    blobs = [corpus.archive_sha256, corpus.labels_sha256, corpus.index_sha256]
    packs = session.scalars(
        delete(CorpusPack).where(CorpusPack.corpus_id == corpus.id).returning(CorpusPack.sha256)
    ).all()
    blobs += [*packs, *stop(session, corpus.job_id)]
    corpus.archive_sha256 = corpus.labels_sha256 = corpus.index_sha256 = None
    corpus.summary = corpus.skipped = corpus.licence = corpus.consent = corpus.path = None
    corpus.options = None
    corpus.name, corpus.erased_at = "", now()
    return [blob for blob in blobs if blob is not None]


def stop(session: Session, job_id: uuid.UUID) -> list[str]:
    """Cancel a job whose resource is erased, and forget what its shards made; their blobs."""
    cancel_shards(session, job_id)
    # Held from here on: between the two changes below, no worker may park the job.
    session.execute(select(Job.id).where(Job.id == job_id).with_for_update())
    found = shards_of(session, job_id)
    session.execute(delete(Shard).where(Shard.job_id.in_([job.id for _, job in found])))
    unfinished = (Job.id == job_id) & Job.state.not_in(ENDED)
    session.execute(
        update(Job)
        .where(unfinished, Job.lease_token.is_(None))
        .values(state=CANCELLED, cancel_requested=True, finished_at=now())
    )
    session.execute(update(Job).where(unfinished).values(cancel_requested=True))
    return [shard.sha256 for shard, _ in found if shard.sha256 is not None]
