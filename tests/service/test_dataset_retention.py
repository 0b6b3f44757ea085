"""What is kept of corpora and datasets goes when its time is over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from service.artifacts import ArtifactStore, open_store
from service.config import Settings
from service.db.blobs import remove_unneeded
from service.db.engine import Database
from service.db.tables import Corpus, Dataset, Job
from service.db.types import now
from service.errors.resources import ResourceExpiredError
from service.usecases import corpora, datasets
from service.usecases.retention import erase_expired
from tests.support.backends import Backend, migrated_apart
from tests.support.inline import asked, imported, run_all


@pytest.fixture
def parts(backend: Backend, tmp_path: Path) -> Iterator[tuple[Settings, Database]]:
    with migrated_apart(backend, tmp_path, retention_days=1.0) as own:
        yield own


@pytest.fixture
def kept(parts: tuple[Settings, Database]) -> Settings:
    return parts[0]


@pytest.fixture
def rows(parts: tuple[Settings, Database]) -> Database:
    return parts[1]


def blobs(store: ArtifactStore) -> int:
    return sum(len(page) for page in store.blobs())


def test_nothing_is_left_of_what_has_expired(kept: Settings, rows: Database) -> None:
    store = open_store(kept)
    corpus = imported(kept, rows, store)
    dataset = asked(kept, rows, corpus)
    run_all(kept, rows, store)
    assert erase_expired(rows, store) == 0
    before = blobs(store)
    with rows.write() as session:
        session.execute(update(Corpus).values(expires_at=now() - timedelta(seconds=1)))
    with rows.read() as session, pytest.raises(ResourceExpiredError):
        corpora.get(session, corpus.owner_id, corpus.id)
    erase_expired(rows, store)
    assert 0 < blobs(store) < before

    with rows.read() as session:  # made of it, and its own
        assert datasets.built(session, corpus.owner_id, dataset.id).images == 12
    with rows.write() as session:
        session.execute(update(Dataset).values(expires_at=now() - timedelta(seconds=1)))
    with rows.read() as session, pytest.raises(ResourceExpiredError):
        datasets.built(session, corpus.owner_id, dataset.id)
    erase_expired(rows, store)
    assert blobs(store) == 0
    assert erase_expired(rows, store) == 0
    with rows.read() as session:
        assert session.get_one(Dataset, dataset.id).spec == {}
        assert session.get_one(Corpus, corpus.id).summary is None


def test_a_dataset_whose_corpus_is_deleted_before_it_is_drawn_says_so(
    kept: Settings, rows: Database
) -> None:
    store = open_store(kept)
    corpus = imported(kept, rows, store)
    dataset = asked(kept, rows, corpus)
    with rows.write() as session:
        gone = corpora.erase(session, session.get_one(Corpus, corpus.id))
    remove_unneeded(rows, store, gone)
    run_all(kept, rows, store)
    with rows.read() as session:
        job = session.get_one(Job, dataset.job_id)
    assert job.state == "failed"
    assert job.error is not None
    assert job.error["type"] == "/problems/corpus-not-found"
