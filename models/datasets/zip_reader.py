"""Reads single files out of a stored zip archive, from any number of threads and processes.

The directory is held as arrays (30 bytes an entry instead of some 700 as objects), and every
read names its place in the file, so forked workers that share the open file do not disturb each
other.
"""

from __future__ import annotations

import os
import struct
import zipfile
import zlib
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

_LOCAL_NAME_LENGTHS: Final = struct.Struct("<26xHH")


class StoredZipReader:
    """The stored files of a zip archive, by name.

    Pickling it opens the file anew, so it can be sent to worker processes.
    """

    def __init__(self, path: Path) -> None:
        """Open an archive and read its directory.

        Raises:
            OSError: the file cannot be opened.
            zipfile.BadZipFile: it is no zip archive, or has compressed entries.
        """
        self._path = path
        names: list[str] = []
        places: list[tuple[int, int, int]] = []
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if info.compress_type != zipfile.ZIP_STORED:
                    raise zipfile.BadZipFile(f"{info.filename} in {path} is compressed")
                names.append(info.filename)
                places.append((info.header_offset, info.file_size, info.CRC))
        order = np.argsort(np.array(names, dtype=np.bytes_ if _ascii(names) else np.str_))
        self._names = np.array(names, dtype=np.bytes_ if _ascii(names) else np.str_)[order]
        self._places: npt.NDArray[np.uint64] = np.array(places, np.uint64).reshape(-1, 3)[order]
        self._file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def names(self) -> list[str]:
        """The names of all files, sorted."""
        return [_text(name) for name in self._names]

    def read(self, name: str) -> bytes:
        """The bytes of one file, checked against their sum.

        Raises:
            KeyError: the archive has no such file.
            zipfile.BadZipFile: its bytes are damaged.
        """
        key = name.encode() if self._names.dtype.kind == "S" else name
        row = int(np.searchsorted(self._names, np.array(key, self._names.dtype)))
        if row == len(self._names) or _text(self._names[row]) != name:
            raise KeyError(f"{self._path} holds no {name}")
        offset, size, crc = (int(value) for value in self._places[row])
        header = os.pread(self._file, _LOCAL_NAME_LENGTHS.size, offset)
        start = offset + _LOCAL_NAME_LENGTHS.size + sum(_LOCAL_NAME_LENGTHS.unpack(header))
        data = os.pread(self._file, size, start)
        if zlib.crc32(data) != crc:
            raise zipfile.BadZipFile(f"{name} in {self._path} is damaged")
        return data

    def close(self) -> None:
        """Close the file; nothing can be read afterwards."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            self.close()

    def __reduce__(self) -> tuple[type[StoredZipReader], tuple[Path]]:
        return type(self), (self._path,)


def _ascii(names: list[str]) -> bool:
    return all(name.isascii() for name in names)


def _text(name: bytes | str) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)
