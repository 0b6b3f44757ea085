"""The artifact store, in a folder and in S3."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from service.artifacts import (
    ArtifactDamagedError,
    ArtifactMissingError,
    ArtifactStore,
    StoreUnavailableError,
    open_store,
)
from service.config import Settings, load_settings
from service.db.ids import new_id
from tests.support.backends import free_port


def fresh(size: int = 40) -> bytes:
    """Bytes that no other test has stored."""
    return (new_id().bytes * (size // 16 + 1))[:size]


def test_what_is_put_is_read_at_its_own_hash(store: ArtifactStore) -> None:
    data = fresh()
    artifact = store.put(data)
    assert artifact.sha256 == hashlib.sha256(data).hexdigest()
    assert (artifact.size, artifact.created) == (40, True)
    assert store.read(artifact.sha256) == data
    assert store.size(artifact.sha256) == 40


def test_the_same_bytes_are_stored_once(store: ArtifactStore) -> None:
    data = fresh()
    assert store.put(data).created
    again = store.put(data)
    assert not again.created
    assert store.read(again.sha256) == data


def test_many_writers_of_the_same_bytes(store: ArtifactStore) -> None:
    data = fresh()
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: store.put(data), range(8)))
    assert sum(artifact.created for artifact in made) == 1
    assert store.read(made[0].sha256) == data


def test_nothing_is_a_blob_too(store: ArtifactStore) -> None:
    assert store.read(store.put(b"").sha256) == b""


@pytest.mark.parametrize(("start", "stop"), [(0, 1), (3, 9), (10, None), (0, 40), (39, 40)])
def test_parts_of_a_blob(store: ArtifactStore, start: int, stop: int | None) -> None:
    data = fresh()
    address = store.put(data).sha256
    assert b"".join(store.stream(address, start, stop)) == data[start:stop]


def test_a_large_blob_comes_in_pieces(store: ArtifactStore) -> None:
    data = fresh(3_500_000)
    address = store.put(data).sha256
    pieces = list(store.stream(address))
    assert b"".join(pieces) == data
    assert b"".join(store.stream(address, 1_000_000, 3_000_001)) == data[1_000_000:3_000_001]


def test_a_blob_that_is_not_there(store: ArtifactStore) -> None:
    for address in ("0" * 64, "../secrets", "", "A" * 64):
        with pytest.raises(ArtifactMissingError):
            store.read(address)
        with pytest.raises(ArtifactMissingError):
            store.size(address)


def test_deleting_twice_is_deleting_once(store: ArtifactStore) -> None:
    address = store.put(fresh()).sha256
    store.delete(address)
    store.delete(address)
    with pytest.raises(ArtifactMissingError):
        store.read(address)


def test_a_probe_leaves_nothing(tmp_path: Path) -> None:
    store = open_store(load_settings(data_dir=tmp_path))
    store.probe()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: data + b"!", bytes.upper])
def test_a_damaged_blob_is_never_read_to_its_end(tmp_path: Path, change) -> None:  # type: ignore[no-untyped-def]
    store = open_store(load_settings(data_dir=tmp_path))
    address = store.put(b"the very bytes").sha256
    path = next(path for path in tmp_path.rglob(address))
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(ArtifactDamagedError):
        store.read(address)


def test_a_half_written_blob_is_not_seen(tmp_path: Path) -> None:
    """What a killed writer leaves has another name than a blob."""
    store = open_store(load_settings(data_dir=tmp_path))
    store.put(fresh())
    left = [path.name for path in tmp_path.rglob("*") if path.is_file()]
    assert all(len(name) == 64 for name in left)


def test_a_store_that_does_not_answer(tmp_path: Path) -> None:
    settings = Settings.from_environment(
        {
            "FACSIMILE_DATA_DIR": str(tmp_path),
            "FACSIMILE_STORE_URL": "s3://nowhere",
            "FACSIMILE_STORE_ENDPOINT": f"http://127.0.0.1:{free_port()}",
            "FACSIMILE_STORE_ACCESS_KEY": "a",
            "FACSIMILE_STORE_SECRET_KEY": "b",
        }
    )
    store = open_store(settings)
    with pytest.raises(StoreUnavailableError):
        store.put(b"x")
    with pytest.raises(StoreUnavailableError):
        store.size("0" * 64)


def test_a_folder_that_is_full(tmp_path: Path) -> None:
    """Writing into a device that is always full fails cleanly and stores nothing."""
    store = open_store(load_settings(data_dir=tmp_path))
    (tmp_path / "artifacts" / "sha256").parent.mkdir(exist_ok=True)
    (tmp_path / "artifacts" / "sha256").write_bytes(b"a file where a folder is needed")
    with pytest.raises(StoreUnavailableError):
        store.put(b"x")
