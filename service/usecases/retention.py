"""Erasing what has been kept for as long as `retention_days` says.

A row stays behind, so that its id still answers "expired"; everything it held is removed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import structlog
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from service.artifacts import ArtifactStore
from service.db.blobs import remove_unneeded
from service.db.engine import Database
from service.db.tables import Corpus, Dataset, ExpressionItem, ExpressionSet, Image, Job
from service.db.types import now
from service.jobs.contracts import ENDED
from service.usecases import corpora, datasets

BATCH: Final = 100

log = structlog.get_logger(__name__)


def erase_expired(database: Database, store: ArtifactStore) -> int:
    """Erase up to `BATCH` of each kind of thing whose time is over; returns how many blobs they
    referred to.

    Rows are marked before blobs are deleted: a process that dies in between leaves blobs that
    nothing refers to, never a row without its blob.
    """
    with database.write() as session:
        addresses = [
            *_erase_sets(session),
            *_erase_datasets(session),
            *_erase_corpora(session),
            *_erase_images(session),
        ]
    remove_unneeded(database, store, addresses)
    if addresses:
        log.info("erased what had expired", blobs=len(addresses))
    return len(addresses)


def _erase_sets(session: Session) -> Iterable[str]:
    """Erase expired sets; the blobs they referred to. A job at work is cancelled first."""
    expired = session.execute(
        select(ExpressionSet, Job)
        .join(Job, Job.id == ExpressionSet.job_id)
        .where(ExpressionSet.expires_at <= now(), ExpressionSet.erased_at.is_(None))
        .limit(BATCH)
    ).all()
    addresses: list[str] = []
    for row, job in expired:
        if job.state not in ENDED:
            session.execute(update(Job).where(Job.id == job.id).values(cancel_requested=True))
            continue
        items = session.scalars(select(ExpressionItem).where(ExpressionItem.set_id == row.id))
        for item in items:
            addresses += filter(None, (item.face_sha256, item.photo_sha256))
        session.execute(delete(ExpressionItem).where(ExpressionItem.set_id == row.id))
        row.targets, row.image_ids, row.erased_at = [], [], now()
    return addresses


def _erase_datasets(session: Session) -> Iterable[str]:
    """Erase expired datasets; the blobs they referred to."""
    expired = session.scalars(
        select(Dataset).where(Dataset.expires_at <= now(), Dataset.erased_at.is_(None)).limit(BATCH)
    ).all()
    return [address for row in expired for address in datasets.erase(session, row)]


def _erase_corpora(session: Session) -> Iterable[str]:
    """Erase expired corpora; the blobs they referred to."""
    expired = session.scalars(
        select(Corpus).where(Corpus.expires_at <= now(), Corpus.erased_at.is_(None)).limit(BATCH)
    ).all()
    return [address for row in expired for address in corpora.erase(session, row)]


def _erase_images(session: Session) -> Iterable[str]:
    """Erase expired images; the blobs they were."""
    expired = session.scalars(
        select(Image).where(Image.expires_at <= now(), Image.erased_at.is_(None)).limit(BATCH)
    ).all()
    for row in expired:
        row.faces, row.filename, row.subject_id, row.erased_at = [], None, None, now()
    return [row.sha256 for row in expired]
