"""Jobs run in this process, one after the other, for tests that tamper with a worker's parts."""

from __future__ import annotations

import io
import uuid
from functools import cache

from sqlalchemy import select

from models.corpora.options import ReadOptions
from service.artifacts import ArtifactStore
from service.config import Settings
from service.db.engine import Database
from service.db.tables import Corpus, Dataset, Job
from service.db.types import now
from service.jobs.contracts import QUEUED
from service.usecases import corpora, datasets
from service.usecases.corpora import About
from service.usecases.keys import LOCAL_OWNER, ensure_owner
from service.wire.datasets import DatasetRequest
from tests.support.small_corpora import folder_files, zipped
from worker.handlers import HANDLERS
from worker.runner import Runner
from worker.runtime import Models


@cache
def models() -> Models:
    """The models, loaded once for all tests."""
    return Models()


def run_all(settings: Settings, database: Database, store: ArtifactStore) -> None:
    """Run queued jobs until there are none, as a worker would that gets every message."""
    runner = Runner(settings, database, store, models(), HANDLERS)
    while (job_id := _next(database)) is not None:
        runner.run(job_id)


def _next(database: Database) -> uuid.UUID | None:
    with database.read() as session:
        query = select(Job.id).where(Job.state == QUEUED, Job.publish_after <= now())
        return session.scalars(query.order_by(Job.created_at)).first()


def imported(settings: Settings, database: Database, store: ArtifactStore) -> Corpus:
    """A small corpus, its import run as far as it goes."""
    artifact = store.put_file(io.BytesIO(zipped(folder_files(faceless=0))))
    about = About("tiny", "folder", None, None, ReadOptions())
    with database.write() as session:
        owner = ensure_owner(session, LOCAL_OWNER)
        corpus, _ = corpora.create(session, settings, owner, about, artifact, None)
    run_all(settings, database, store)
    with database.read() as session:
        return session.get_one(Corpus, corpus.id)


def asked(settings: Settings, database: Database, corpus: Corpus) -> Dataset:
    """A dataset that is asked for, its job not yet run."""
    request = DatasetRequest(corpus_id=corpus.id, aus=["AU12"], per_intensity=2)
    with database.write() as session:
        spec = datasets.spec_of(session, corpus.owner_id, request, settings)
        dataset, _ = datasets.create(session, settings, corpus.owner_id, spec, None)
    return dataset
