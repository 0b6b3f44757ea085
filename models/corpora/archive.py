"""Unpacks an uploaded zip archive without trusting it."""

from __future__ import annotations

import os
import shutil
import stat
import struct
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Final

from models.corpora.errors import ArchiveError

_CHUNK: Final = 1 << 20
_DIRECTORY_ENTRY: Final = struct.Struct("<4s4B4HL2L5H2L")
_END: Final = struct.Struct("<4s4H2LH")
_END_ZIP64: Final = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_ZIP64: Final = struct.Struct("<4sLQL")
_LONGEST_COMMENT: Final = 0xFFFF


@dataclass(frozen=True)
class ArchiveLimits:
    """What an archive may hold.

    Attributes:
        max_files: entries. BP4D has 147,000 coded frames; its 3D scans about triple that.
        max_bytes: of all files, unpacked. 500,000 pictures x 200 kB = 100 GB.
        max_ratio: unpacked over packed size, of the archive and of each entry above
            `ratio_from`. Pictures and videos reach 1.1, label files 20; deflate itself ends at
            1,032, which is what a bomb aims for.
        ratio_from: bytes an entry may unpack to without its ratio being looked at.
        max_name: bytes of an entry's path.
        max_depth: folders within each other.
    """

    max_files: int = 1_000_000
    max_bytes: int = 100_000_000_000
    max_ratio: float = 200.0
    ratio_from: int = 1_000_000
    max_name: int = 512
    max_depth: int = 32


@dataclass(frozen=True)
class Unpacked:
    """What was unpacked: number of files and their bytes."""

    files: int
    bytes: int


def inspect(file: IO[bytes], limits: ArchiveLimits | None = None) -> Unpacked:
    """What a zip archive, an open file, says it unpacks to; nothing is unpacked.

    Raises:
        ArchiveError: as `unpack`, but for what only unpacking shows: damage and false sizes.
    """
    limits = limits or ArchiveLimits()
    _check_directory_size(file, limits)
    try:
        with zipfile.ZipFile(file) as opened:
            entries = _checked_entries(opened, file.seek(0, os.SEEK_END), limits)
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise ArchiveError(f"the archive is damaged: {error}") from error
    return Unpacked(files=len(entries), bytes=sum(info.file_size for info, _ in entries))


def unpack(archive: Path, destination: Path, limits: ArchiveLimits | None = None) -> Unpacked:
    """Unpack a zip archive into a folder that is not there yet.

    Everything is checked before the first byte is written, sizes again while writing, and the
    folder appears only when all of it is there; a failure leaves nothing behind.

    Raises:
        ArchiveError: the file is no zip archive or a damaged one, an entry would leave the
            folder, is a link or a device, is encrypted or packed in an unknown way, two entries
            have one name, or a limit is passed.
        FileExistsError: `destination` is there already.
        OSError: the disk is full, or cannot be written.
    """
    limits = limits or ArchiveLimits()
    if destination.exists():
        raise FileExistsError(f"{destination} is there already")
    with archive.open("rb") as file:
        _check_directory_size(file, limits)
    destination.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(prefix=f".{destination.name}.", dir=destination.parent))
    try:
        with zipfile.ZipFile(archive) as opened:
            entries = _checked_entries(opened, archive.stat().st_size, limits)
            written = 0
            for entry, path in entries:
                written += _write(opened, entry, partial / path, limits.max_bytes - written)
        partial.chmod(0o755)
        partial.rename(destination)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise ArchiveError(f"the archive is damaged: {error}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return Unpacked(files=len(entries), bytes=written)


def _check_directory_size(file: IO[bytes], limits: ArchiveLimits) -> None:
    """Refuse an archive with too many entries before its directory is read into memory."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(size - _END.size - _LONGEST_COMMENT - _LOCATOR_ZIP64.size, 0))
    tail = file.read()
    at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) - at < _END.size:
        raise ArchiveError("the file is no zip archive")
    end = _END.unpack_from(tail, at)
    entries, directory = end[4], end[5]
    locator = tail.rfind(b"PK\6\7", 0, at)
    if locator >= 0 and at - locator >= _LOCATOR_ZIP64.size:
        offset = _LOCATOR_ZIP64.unpack_from(tail, locator)[2]
        if offset + _END_ZIP64.size > size:
            raise ArchiveError("the archive is damaged: its end is not where it should be")
        file.seek(offset)
        wide = _END_ZIP64.unpack(file.read(_END_ZIP64.size))
        entries, directory = max(entries, wide[7]), max(directory, wide[8])
        if wide[0] != b"PK\6\6":
            raise ArchiveError("the archive is damaged: its end is not where it should be")
    # the count may lie, but every entry takes at least 46 bytes of directory
    longest = limits.max_files * (_DIRECTORY_ENTRY.size + limits.max_name)
    if directory != 0xFFFFFFFF and directory > longest:
        entries = max(entries, limits.max_files + 1)
    if entries != 0xFFFF and entries > limits.max_files:
        raise ArchiveError(f"has more than {limits.max_files:,} entries, the limit")


def _checked_entries(
    opened: zipfile.ZipFile, packed: int, limits: ArchiveLimits
) -> list[tuple[zipfile.ZipInfo, PurePosixPath]]:
    infos = opened.infolist()
    if len(infos) > limits.max_files:
        raise ArchiveError(f"has {len(infos):,} entries, more than the limit {limits.max_files:,}")
    entries: list[tuple[zipfile.ZipInfo, PurePosixPath]] = []
    seen: set[str] = set()
    folders: set[str] = set()
    total = 0
    for info in infos:
        path = _safe_path(info, limits)
        _check_kind(info)
        if info.is_dir():
            folders.add(str(path))
            continue
        if str(path) in seen:
            raise ArchiveError("two entries have this name", info.filename)
        seen.add(str(path))
        folders.update(str(parent) for parent in path.parents)
        total += info.file_size
        ratio = info.file_size / max(info.compress_size, 1)
        if info.file_size > limits.ratio_from and ratio > limits.max_ratio:
            raise ArchiveError(
                f"unpacks to {ratio:,.0f} times its size; the limit is {limits.max_ratio:g}",
                info.filename,
            )
        entries.append((info, path))
    if clash := seen & folders:
        raise ArchiveError("is both a file and a folder", min(clash))
    if total > limits.max_bytes:
        raise ArchiveError(f"unpacks to {total:,} bytes; the limit is {limits.max_bytes:,}")
    # entries that share their packed bytes each look harmless; together they do not
    if total > limits.ratio_from and total / max(packed, 1) > limits.max_ratio:
        raise ArchiveError(
            f"unpacks to {total / max(packed, 1):,.0f} times its size; "
            f"the limit is {limits.max_ratio:g}"
        )
    return entries


def _safe_path(info: zipfile.ZipInfo, limits: ArchiveLimits) -> PurePosixPath:
    name = info.orig_filename
    path = PurePosixPath(name)
    if len(name.encode()) > limits.max_name:
        raise ArchiveError(f"the name is longer than {limits.max_name} bytes", name[:80] + "…")
    if len(path.parts) > limits.max_depth:
        raise ArchiveError(f"lies more than {limits.max_depth} folders deep", name)
    if not path.parts or path.is_absolute() or ".." in path.parts:
        raise ArchiveError("would be unpacked outside the folder", name)
    if "\\" in name or ":" in path.parts[0] or not name.isprintable():
        raise ArchiveError("the name has a character that paths may not have", name)
    return path


def _check_kind(info: zipfile.ZipInfo) -> None:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        what = "a symbolic link" if kind == stat.S_IFLNK else "no plain file"
        raise ArchiveError(f"is {what}; only files and folders are unpacked", info.filename)
    if info.flag_bits & 0x1:
        raise ArchiveError("is encrypted", info.filename)
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise ArchiveError("is packed in another way than stored or deflated", info.filename)


def _write(opened: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path, left: int) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    written = 0
    source: IO[bytes]
    with opened.open(info) as source, path.open("xb") as target:
        while chunk := source.read(_CHUNK):
            written += len(chunk)
            if written > min(info.file_size, left):
                raise ArchiveError("unpacks to more than its header says", info.filename)
            target.write(chunk)
    return written
