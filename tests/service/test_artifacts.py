"""The artifact store, in a folder and in S3."""

from __future__ import annotations

import hashlib
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
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
from service.db.types import now
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
    assert files(tmp_path) == []


@pytest.mark.parametrize("change", [lambda data: data[:-1], lambda data: data + b"!", bytes.upper])
def test_a_damaged_blob_is_never_read_to_its_end(tmp_path: Path, change) -> None:  # type: ignore[no-untyped-def]
    store = open_store(load_settings(data_dir=tmp_path))
    address = store.put(b"the very bytes").sha256
    path = next(path for path in tmp_path.rglob(address))
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(ArtifactDamagedError):
        store.read(address)


KILLED_AT_TEN_MEGABYTES = """
import io, os, signal, sys
from pathlib import Path
from service.artifacts import open_store
from service.config import load_settings

class Dying(io.BytesIO):
    passes = 0

    def seek(self, *args):
        self.passes += 1
        return super().seek(*args)

    def read(self, *args):
        if self.passes > 2 and self.tell() > 10_000_000:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().read(*args)

open_store(load_settings(data_dir=Path(sys.argv[1]))).put_file(Dying(os.urandom(30_000_000)))
"""


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_what_a_killed_writer_leaves_is_no_blob_and_is_removed_in_time(tmp_path: Path) -> None:
    store = open_store(load_settings(data_dir=tmp_path))
    whole = store.put(fresh())
    died = subprocess.run([sys.executable, "-c", KILLED_AT_TEN_MEGABYTES, str(tmp_path)])
    assert died.returncode == -signal.SIGKILL
    [left] = [path for path in files(tmp_path) if path.name != whole.sha256]
    assert [blob.sha256 for page in store.blobs() for blob in page] == [whole.sha256]
    assert store.remove_unfinished(now() - timedelta(hours=1)) == 0
    assert left.exists()  # somebody may be writing to it
    assert store.remove_unfinished(now()) == 1
    assert [path.name for path in files(tmp_path)] == [whole.sha256]


def test_what_a_killed_probe_leaves_is_removed(store: ArtifactStore) -> None:
    backend = store._backend
    backend.put(f"probes/{new_id()}", b"facsimile")
    assert store.remove_unfinished(now() - timedelta(hours=1)) == 0
    assert store.remove_unfinished(now() + timedelta(hours=1)) == 1
    assert store.remove_unfinished(now() + timedelta(hours=1)) == 0


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
