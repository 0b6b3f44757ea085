"""The streaming zip writer and the shared reader, against Python's own zipfile."""

from __future__ import annotations

import io
import pickle
import tracemalloc
import zipfile
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import pytest

from models.datasets.zip_reader import StoredZipReader
from models.datasets.zip_writer import StoredZipWriter

CHUNK = bytes(64 << 20)


class SparseSink:
    """A file in which whole chunks of zeros are skipped over instead of written."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, data: bytes) -> None:
        if data is CHUNK:
            self._file.seek(len(CHUNK), io.SEEK_CUR)
        else:
            self._file.write(data)


def test_python_reads_what_was_written() -> None:
    sink = io.BytesIO()
    with StoredZipWriter(sink) as archive:
        archive.add("images/a.png", b"picture")
        archive.add("empty", b"")
        archive.add_file("stréam", io.BytesIO(b"x" * 3_000_000))

    with zipfile.ZipFile(sink) as opened:
        assert opened.testzip() is None
        assert opened.namelist() == ["images/a.png", "empty", "stréam"]
        assert opened.read("images/a.png") == b"picture"
        assert opened.read("stréam") == b"x" * 3_000_000
        info = opened.getinfo("images/a.png")
        assert info.date_time == (1980, 1, 1, 0, 0, 0)
        assert info.external_attr >> 16 == 0o100644


def test_more_entries_than_zip_can_count_take_zip64() -> None:
    sink = io.BytesIO()
    with StoredZipWriter(sink) as archive:
        for number in range(65_536):
            archive.add(f"{number:06d}", b"")
        archive.add("last", b"end")

    with zipfile.ZipFile(sink) as opened:
        assert len(opened.infolist()) == 65_537
        assert opened.read("last") == b"end"


def test_files_and_offsets_over_four_gigabytes_take_zip64(tmp_path: Path) -> None:
    def zeros() -> Iterator[bytes]:
        for _ in range(65):
            yield CHUNK

    size = 65 * len(CHUNK)
    path = tmp_path / "large.zip"
    with path.open("wb") as file, StoredZipWriter(SparseSink(file)) as archive:
        archive.add_chunks("large", zeros(), size, 0)
        archive.add("behind", b"found")

    with zipfile.ZipFile(path) as opened:
        assert opened.getinfo("large").file_size == size > 2**32
        assert opened.getinfo("behind").header_offset > 2**32
        assert opened.read("behind") == b"found"
    assert StoredZipReader(path).read("behind") == b"found"


def interrupted(sink: io.BytesIO) -> None:
    with StoredZipWriter(sink) as archive:
        archive.add("a", b"a")
        raise OSError("disk full")


def test_an_interrupted_archive_is_none() -> None:
    sink = io.BytesIO()
    with pytest.raises(OSError, match="disk full"):
        interrupted(sink)
    assert sink.getvalue()
    assert not zipfile.is_zipfile(sink)


@pytest.mark.parametrize("name", ["", "/absolute", "x" * 70_000])
def test_names_that_cannot_be_stored_are_refused(name: str) -> None:
    with StoredZipWriter(Nothing()) as archive, pytest.raises(ValueError, match="cannot be the"):
        archive.add(name, b"")


def test_a_size_that_is_not_kept_is_refused() -> None:
    with StoredZipWriter(Nothing()) as archive, pytest.raises(ValueError, match="2 bytes, not 3"):
        archive.add_chunks("a", [b"xy"], 3, zlib.crc32(b"xy"))


class Nothing:
    """Takes everything and keeps none of it."""

    def write(self, data: bytes) -> None:
        del data


def peak_memory(entries: int) -> int:
    tracemalloc.start()
    with StoredZipWriter(Nothing()) as archive:
        for number in range(entries):
            archive.add(f"images/{number:06d}.png", b"png")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_memory_does_not_grow_with_the_number_of_entries() -> None:
    peak_memory(10)
    few = peak_memory(1_000)
    # the directory comes back in pieces of 1 MiB; an object per entry would be 28 MB
    assert peak_memory(40_000) < few + (3 << 20)


def written(path: Path, entries: dict[str, bytes]) -> Path:
    with path.open("wb") as file, StoredZipWriter(file) as archive:
        for name, data in entries.items():
            archive.add(name, data)
    return path


def test_reader_finds_files_by_name_in_threads_and_copies(tmp_path: Path) -> None:
    entries = {f"{number:03d}": bytes([number]) * number for number in range(200)}
    reader = StoredZipReader(written(tmp_path / "a.zip", entries))
    copy = pickle.loads(pickle.dumps(reader))

    assert reader.names() == list(entries)
    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(reader.read, entries)) == list(entries.values())
    assert copy.read("007") == bytes([7]) * 7
    for name in ("7", "0070", "", "zzz"):
        with pytest.raises(KeyError):
            reader.read(name)
    reader.close()
    copy.close()


def test_reader_reads_names_that_are_not_ascii(tmp_path: Path) -> None:
    reader = StoredZipReader(written(tmp_path / "a.zip", {"ß": b"1", "a": b"2"}))
    assert reader.names() == ["a", "ß"]
    assert reader.read("ß") == b"1"
    reader.close()


def test_reader_refuses_damage_and_compression(tmp_path: Path) -> None:
    path = written(tmp_path / "a.zip", {"name": b"content"})
    data = path.read_bytes().replace(b"content", b"c0ntent")
    path.write_bytes(data)
    reader = StoredZipReader(path)
    with pytest.raises(zipfile.BadZipFile, match=r"name in .*a\.zip is damaged"):
        reader.read("name")
    reader.close()
    with zipfile.ZipFile(tmp_path / "b.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("name", b"content")
    with pytest.raises(zipfile.BadZipFile, match="is compressed"):
        StoredZipReader(tmp_path / "b.zip")
