"""Writes a zip archive of stored files as a stream, in memory that does not grow with it.

Python's own writer keeps an object per entry until the end, some 150 MB for 210,000 images; here
an entry's directory record goes to a temporary file at once. Dates are fixed and nothing is
compressed (PNG is already), so the same entries make the same bytes. Format: PKWARE's
APPNOTE.TXT 6.3.10, with ZIP64 where sizes ask for it.
"""

from __future__ import annotations

import struct
import tempfile
import zlib
from collections.abc import Iterable
from types import TracebackType
from typing import IO, Final, Protocol

_LOCAL: Final = struct.Struct("<4sHHHHHLLLHH")
_CENTRAL: Final = struct.Struct("<4sHHHHHHLLLHHHHHLL")
_END64: Final = struct.Struct("<4sQHHLLQQQQ")
_LOCATOR64: Final = struct.Struct("<4sLQL")
_END: Final = struct.Struct("<4sHHHHLLH")

_VERSION: Final = 20
_VERSION64: Final = 45
_MADE_ON_UNIX: Final = 3 << 8
_PLAIN_FILE: Final = 0o100644 << 16
_UTF8_NAME: Final = 1 << 11
_FIRST_DAY: Final = 1 << 5 | 1
"""1 January 1980, the earliest date zip knows."""
_MAX16: Final = 0xFFFF
_MAX32: Final = 0xFFFFFFFF
_CHUNK: Final = 1 << 20


class Sink(Protocol):
    """Anything bytes can be written to, one after the other."""

    def write(self, data: bytes, /) -> object:
        """Take the next bytes."""
        ...


class StoredZipWriter:
    """A context manager that writes a zip archive to `sink`; leaving it writes the directory.

    When the block raises, nothing more is written and what was written is no archive.
    """

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._directory: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed on exit
        self._offset = 0
        self._entries = 0

    def add(self, name: str, data: bytes) -> None:
        """Append a file.

        Raises:
            ValueError: the name is empty, absolute or longer than 65,535 bytes.
        """
        self.add_chunks(name, (data,), len(data), zlib.crc32(data))

    def add_file(self, name: str, file: IO[bytes]) -> None:
        """Append what is in a file from its start; it is read twice, as the sum comes first."""
        crc = size = 0
        file.seek(0)
        while chunk := file.read(_CHUNK):
            crc = zlib.crc32(chunk, crc)
            size += len(chunk)
        file.seek(0)
        self.add_chunks(name, iter(lambda: file.read(_CHUNK), b""), size, crc)

    def add_chunks(self, name: str, chunks: Iterable[bytes], size: int, crc: int) -> None:
        """Append a file whose size and CRC-32 are known.

        Raises:
            ValueError: the name cannot be stored, or the chunks are not `size` bytes.
        """
        stored = name.encode()
        if not stored or len(stored) > _MAX16 or name.startswith("/"):
            raise ValueError(f"{name[:80]!r} cannot be the name of a zip entry")
        flags = 0 if name.isascii() else _UTF8_NAME
        wide = size >= _MAX32
        extra = struct.pack("<HHQQ", 1, 16, size, size) if wide else b""
        short = _MAX32 if wide else size
        version = _VERSION64 if wide else _VERSION
        header = _LOCAL.pack(
            b"PK\3\4", version, flags, 0, 0, _FIRST_DAY, crc, short, short, len(stored), len(extra)
        )
        start = self._offset
        self._write(header + stored + extra)
        written = 0
        for chunk in chunks:
            self._write(chunk)
            written += len(chunk)
        if written != size:
            raise ValueError(f"{name} has {written} bytes, not {size}")
        self._remember(stored, flags, size, crc, start)

    def _remember(self, name: bytes, flags: int, size: int, crc: int, start: int) -> None:
        wide = [value for value in (size, size, start) if value >= _MAX32]
        extra = struct.pack(f"<HH{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
        version = _VERSION64 if wide else _VERSION
        short = min(size, _MAX32)
        record = _CENTRAL.pack(
            b"PK\1\2", _MADE_ON_UNIX | version, version, flags, 0, 0, _FIRST_DAY, crc, short, short,
            len(name), len(extra), 0, 0, 0, _PLAIN_FILE, min(start, _MAX32),
        )  # fmt: skip
        self._directory.write(record + name + extra)
        self._entries += 1

    def _finish(self) -> None:
        start, size, entries = self._offset, self._directory.tell(), self._entries
        self._directory.seek(0)
        while chunk := self._directory.read(_CHUNK):
            self._write(chunk)
        if entries >= _MAX16 or size >= _MAX32 or start >= _MAX32:
            end = self._offset
            record = _END64.pack(
                b"PK\6\6", _END64.size - 12, _MADE_ON_UNIX | _VERSION64, _VERSION64, 0, 0,
                entries, entries, size, start,
            )  # fmt: skip
            self._write(record)
            self._write(_LOCATOR64.pack(b"PK\6\7", 0, end, 1))
        count = min(entries, _MAX16)
        self._write(
            _END.pack(b"PK\5\6", 0, 0, count, count, min(size, _MAX32), min(start, _MAX32), 0)
        )

    def _write(self, data: bytes) -> None:
        self._sink.write(data)
        self._offset += len(data)

    def __enter__(self) -> StoredZipWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self._finish()
        finally:
            self._directory.close()
