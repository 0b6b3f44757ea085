"""Archives from strangers: nothing leaves the folder, fills the disk, or stays half done."""

from __future__ import annotations

import io
import resource
import stat
import zipfile
from pathlib import Path

import pytest

from models.corpora.archive import ArchiveLimits, unpack
from models.corpora.errors import ArchiveError
from models.corpora.files import content_root
from models.corpora.registry import read_corpus
from tests.models.corpora import builders


def archive_of(
    path: Path, entries: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED
) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return path


def special_entry(path: Path, name: str, mode: int, data: bytes = b"/etc/passwd") -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo(name)
        info.external_attr = mode << 16
        info.create_system = 3
        archive.writestr(info, data)
    return path


def refused(
    tmp_path: Path, archive: Path, reason: str, limits: ArchiveLimits | None = None
) -> None:
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(ArchiveError, match=reason):
        unpack(archive, tmp_path / "out", limits)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_corpus_comes_out_as_it_went_in(tmp_path: Path) -> None:
    builders.write_unbc(tmp_path / "pain")
    with zipfile.ZipFile(tmp_path / "pain.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted((tmp_path / "pain").rglob("*")):
            archive.write(file, file.relative_to(tmp_path))
    unpacked = unpack(tmp_path / "pain.zip", tmp_path / "out" / "corpus")

    assert unpacked.files == 9
    root = content_root(tmp_path / "out" / "corpus")
    assert root.name == "pain"
    assert len(read_corpus(root, "unbc")) == 3


@pytest.mark.parametrize(
    "name", ["../evil", "a/../../evil", "/etc/evil", "a\\..\\evil", "C:/evil", "a\n"]
)
def test_names_that_lead_elsewhere_are_refused(tmp_path: Path, name: str) -> None:
    archive = tmp_path / "evil.zip"
    with zipfile.ZipFile(archive, "w") as opened:
        info = zipfile.ZipInfo("x")
        info.filename = name
        opened.writestr(info, b"evil")
    refused(tmp_path, archive, "outside the folder|a character that paths may not have")


@pytest.mark.parametrize(
    ("kind", "what"), [(stat.S_IFLNK, "symbolic link"), (stat.S_IFIFO, "no plain")]
)
def test_links_and_devices_are_refused(tmp_path: Path, kind: int, what: str) -> None:
    refused(tmp_path, special_entry(tmp_path / "evil.zip", "innocent", kind | 0o777), what)


def test_a_bomb_is_refused_by_its_ratio(tmp_path: Path) -> None:
    archive = archive_of(tmp_path / "bomb.zip", {"zeros": bytes(5_000_000)})
    refused(tmp_path, archive, "times its size; the limit is 200")


def test_a_bomb_of_many_small_files_is_refused_by_their_sum(tmp_path: Path) -> None:
    archive = archive_of(tmp_path / "bomb.zip", {f"{n}": bytes(900_000) for n in range(20)})
    refused(tmp_path, archive, "times its size; the limit is 200")


def test_totals_and_counts_and_names_have_limits(tmp_path: Path) -> None:
    archive = archive_of(tmp_path / "a.zip", {f"f{n}/x": b"12345" for n in range(4)})

    refused(tmp_path, archive, "20 bytes; the limit is 19", ArchiveLimits(max_bytes=19))
    refused(tmp_path, archive, "more than 3 entries", ArchiveLimits(max_files=3))
    refused(tmp_path, archive, "longer than 3 bytes", ArchiveLimits(max_name=3))
    refused(tmp_path, archive, "more than 1 folders deep", ArchiveLimits(max_depth=1))


def test_a_header_that_lies_about_the_size_is_caught_while_writing(tmp_path: Path) -> None:
    archive = archive_of(tmp_path / "lie.zip", {"a": b"x" * 1000}, zipfile.ZIP_STORED)
    data = bytearray(archive.read_bytes())
    central = data.rindex(b"PK\1\2")
    data[central + 24 : central + 28] = (10).to_bytes(4, "little")
    archive.write_bytes(data)
    refused(tmp_path, archive, "more than its header says|damaged")


def test_two_entries_of_one_name_and_a_file_that_is_a_folder_are_refused(tmp_path: Path) -> None:
    twice = tmp_path / "twice.zip"
    with zipfile.ZipFile(twice, "w") as opened:
        opened.writestr("a", b"1")
        with pytest.warns(UserWarning, match="Duplicate name"):
            opened.writestr("a", b"2")
    refused(tmp_path, twice, "two entries have this name")
    refused(
        tmp_path, archive_of(tmp_path / "both.zip", {"a": b"", "a/b": b""}), "a file and a folder"
    )


def test_damaged_truncated_and_other_files_are_refused(tmp_path: Path) -> None:
    whole = archive_of(tmp_path / "whole.zip", {"a": b"hello" * 100}, zipfile.ZIP_STORED)
    data = bytearray(whole.read_bytes())
    damaged, short, other = (tmp_path / name for name in ("damaged.zip", "short.zip", "other.zip"))
    short.write_bytes(data[:60])
    data[40] ^= 0xFF
    damaged.write_bytes(data)
    other.write_bytes(b"\x89PNG" * 100)

    refused(tmp_path, damaged, "damaged")
    refused(tmp_path, short, "no zip archive")
    refused(tmp_path, other, "no zip archive")


def test_other_compression_is_refused(tmp_path: Path) -> None:
    archive = archive_of(tmp_path / "a.zip", {"a": b"x" * 100}, zipfile.ZIP_LZMA)
    refused(tmp_path, archive, "another way than stored or deflated")


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    archive = archive_of(tmp_path / "a.zip", {"a": b"1", "b": b"x" * 100_000}, zipfile.ZIP_STORED)
    before = sorted(tmp_path.rglob("*"))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, hard))
    try:
        with pytest.raises(OSError, match="File too large"):
            unpack(archive, tmp_path / "out")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert sorted(tmp_path.rglob("*")) == before


def test_an_existing_folder_is_not_written_into(tmp_path: Path) -> None:
    archive = archive_of(tmp_path / "a.zip", {"a": b""})
    (tmp_path / "out").mkdir()
    with pytest.raises(FileExistsError):
        unpack(archive, tmp_path / "out")


def test_a_directory_too_long_for_its_count_is_refused_before_it_is_read(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        for number in range(200):
            opened.writestr(f"{number:064d}", b"")
    data = bytearray(buffer.getvalue())
    end = data.rindex(b"PK\5\6")
    data[end + 8 : end + 12] = b"\1\0\1\0"  # claims a single entry
    archive = tmp_path / "lie.zip"
    archive.write_bytes(data)
    refused(tmp_path, archive, "more than 5 entries", ArchiveLimits(max_files=5))
