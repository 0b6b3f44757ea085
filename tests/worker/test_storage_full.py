"""A full disk ends a job with a sentence; nothing is half-written, nothing is left over."""

from __future__ import annotations

import errno
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.artifacts import ArtifactStore, StoreFullError
from service.artifacts.backends import Backend as Bucket
from service.artifacts.backends import open_backend
from service.config import Settings
from service.db.engine import Database
from service.db.tables import Corpus, Dataset, Job
from service.usecases import corpora, datasets
from service.usecases.garbage import collect
from tests.support.backends import Backend, migrated_apart
from tests.support.inline import asked, imported, run_all


class Disk:
    """A folder or a bucket with room for so many writes more."""

    def __init__(self, disk: Bucket, room: int) -> None:
        self._disk = disk
        self.room = room

    def put(self, *args: Any, **kwargs: Any) -> Any:
        if self.room <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.room -= 1
        return self._disk.put(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._disk, name)


@pytest.fixture
def parts(backend: Backend, tmp_path: Path) -> Iterator[tuple[Settings, Database]]:
    with migrated_apart(backend, tmp_path, images_per_shard=4, frames_per_shard=8) as own:
        yield own


@pytest.fixture
def disk(parts: tuple[Settings, Database]) -> Disk:
    return Disk(open_backend(parts[0]), room=1_000)


@pytest.fixture
def store(disk: Disk) -> ArtifactStore:
    return ArtifactStore(disk)  # type: ignore[arg-type]


@pytest.fixture
def settings(parts: tuple[Settings, Database]) -> Settings:
    return parts[0]


@pytest.fixture
def database(parts: tuple[Settings, Database]) -> Database:
    return parts[1]


def blobs(store: ArtifactStore) -> set[str]:
    return {blob.sha256 for page in store.blobs() for blob in page}


def job_of(database: Database, row: Corpus | Dataset) -> Job:
    with database.read() as session:
        return session.get_one(Job, row.job_id)


@pytest.mark.parametrize("room", [0, 1, 2, 3, 4])
def test_a_dataset_that_the_disk_has_no_room_for(
    settings: Settings, database: Database, store: ArtifactStore, disk: Disk, room: int
) -> None:
    if not settings.embedded_broker and room not in (0, 3):
        pytest.skip("a bucket is full where a folder is; two places are enough to see it")
    corpus = imported(settings, database, store)
    before = blobs(store)
    disk.room = room
    dataset = asked(settings, database, corpus)
    run_all(settings, database, store)
    job = job_of(database, dataset)
    assert job.state == "failed"
    assert job.error is not None
    assert job.error["type"] == "/problems/storage-full"
    assert "full" in job.error["detail"]

    with database.write() as session:
        gone = datasets.erase(session, session.get_one(Dataset, dataset.id))
    assert len(gone) == min(room, 3)
    collect(database, store, grace_hours=0)
    assert blobs(store) == before

    disk.room = 1_000
    again = asked(settings, database, corpus)
    run_all(settings, database, store)
    assert job_of(database, again).state == "succeeded"


def test_a_corpus_that_the_disk_has_no_room_for(
    settings: Settings, database: Database, store: ArtifactStore, disk: Disk
) -> None:
    disk.room = 2  # the archive and one pack of faces
    corpus = imported(settings, database, store)
    job = job_of(database, corpus)
    assert job.state == "failed"
    assert job.error is not None
    assert job.error["type"] == "/problems/storage-full"
    with database.write() as session:
        corpora.erase(session, session.get_one(Corpus, corpus.id))
    collect(database, store, grace_hours=0)
    assert blobs(store) == set()


def test_a_full_store_says_so(store: ArtifactStore, disk: Disk) -> None:
    disk.room = 0
    with pytest.raises(StoreFullError):
        store.put(b"bytes")
    with pytest.raises(StoreFullError):
        store.put_file(io.BytesIO(b"bytes"))
    assert blobs(store) == set()
