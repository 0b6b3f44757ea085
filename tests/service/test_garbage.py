"""The collector removes what nothing refers to, and never anything else."""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Iterable

import pytest

from service.artifacts import ArtifactStore, open_store
from service.db.blobs import _REFERENCES, keep, needed, remove_unneeded
from service.db.engine import Database, open_database
from service.db.repositories import Generators
from service.db.tables import Base, Generator, Image
from service.jobs.contracts import TRAIN_GENERATOR
from service.usecases import garbage, jobs, trained
from service.usecases.garbage import collect
from service.usecases.keys import LOCAL_OWNER, ensure_owner
from tests.support.running import Service
from tests.support.small_corpora import folder_files, zipped


def present(store: ArtifactStore, address: str) -> bool:
    return any(blob.sha256 == address for page in store.blobs() for blob in page)


def image_of(owner: uuid.UUID, sha256: str) -> Image:
    return Image(
        owner_id=owner, sha256=sha256, media_type="image/png", size=1, width=1, height=1, faces=[]
    )


def test_every_column_that_names_a_blob_is_looked_at() -> None:
    named = {
        f"{table.name}.{column.name}"
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if column.name.endswith("sha256")
    }
    looked_at = {f"{column.class_.__tablename__}.{column.name}" for column, _ in _REFERENCES}
    assert named == looked_at


def test_only_what_is_old_and_unneeded_is_removed(database: Database, store: ArtifactStore) -> None:
    kept, garbage_ = (store.put(os.urandom(32)) for _ in range(2))
    with database.write() as session:
        keep(session, store, [kept])
        session.add(image_of(ensure_owner(session, LOCAL_OWNER), kept.sha256))
    young = collect(database, store, grace_hours=1)
    assert (young.removed, young.unfinished) == (0, 0)
    assert present(store, garbage_.sha256)
    old = collect(database, store, grace_hours=0)
    assert old.removed >= 1
    assert old.bytes >= 32
    assert not present(store, garbage_.sha256)
    assert present(store, kept.sha256)


def test_the_state_of_a_training_is_needed_until_its_job_has_ended(
    database: Database, store: ArtifactStore
) -> None:
    state = store.put(os.urandom(32))
    with database.write() as session:
        owner = ensure_owner(session, LOCAL_OWNER)
        rows = Generators(session, owner)
        row = Generator(owner_id=owner, name="g", kind="stargan", options={})
        _, job = trained.start(rows, row, TRAIN_GENERATOR, 1, None)
        row.state_sha256 = state.sha256
    collect(database, store, grace_hours=0)
    assert present(store, state.sha256)
    with database.write() as session:
        jobs.cancel(session, owner, job.id)
    collect(database, store, grace_hours=0)
    assert not present(store, state.sha256)


def test_an_old_blob_that_is_uploaded_again_meanwhile_stays(
    database: Database, store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between looking for rows and removing, somebody puts the same bytes and adds a row."""
    data = os.urandom(32)
    address = store.put(data).sha256
    happened: list[str] = []

    def uploaded_in_between(
        database: Database, store: ArtifactStore, addresses: Iterable[str]
    ) -> int:
        if address in addresses:
            with database.write() as session:
                keep(session, store, [store.put(data)])
                session.add(image_of(ensure_owner(session, LOCAL_OWNER), address))
            happened.append(address)
        return remove_unneeded(database, store, addresses)

    monkeypatch.setattr(garbage, "remove_unneeded", uploaded_in_between)
    collect(database, store, grace_hours=0)
    assert happened == [address]
    assert store.read(address) == data
    with database.read() as session:
        assert needed(session, [address]) == {address}


def test_an_upload_under_way_holds_the_collector_off(
    database: Database, store: ArtifactStore
) -> None:
    """A transaction that has made sure of its blob but not yet committed is waited for."""
    data = os.urandom(32)
    address = store.put(data).sha256
    sure, done = threading.Event(), threading.Event()

    def upload() -> None:
        with database.write() as session:
            keep(session, store, [store.put(data)])
            owner = ensure_owner(session, LOCAL_OWNER)
            sure.set()
            done.wait(0.5)  # the collector looks meanwhile; it must not take the blob
            session.add(image_of(owner, address))

    uploader = threading.Thread(target=upload)
    uploader.start()
    assert sure.wait(10)
    collect(database, store, grace_hours=0)
    done.set()
    uploader.join()
    assert store.read(address) == data


def test_everything_a_service_has_made_survives_a_collection(service: Service) -> None:
    corpus = service.import_corpus(zipped(folder_files(1, 7, faceless=0)))
    request = {"corpus_id": corpus["id"], "aus": ["AU12"], "intensities": [2], "per_intensity": 1}
    built = service.build(**request)
    database, store = open_database(service.settings.database), open_store(service.settings)
    try:
        collect(database, store, grace_hours=0)
    finally:
        database.close()
    assert service.client.get(built["download_url"]).status_code == 200
    assert service.client.get(built["preview_url"]).status_code == 200
    assert service.build(**request, seed=5)["job"]["state"] == "succeeded"
