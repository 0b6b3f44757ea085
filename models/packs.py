"""Packs: many small pieces in one run of bytes, each found without reading the others.

A pack is a header, the whole numbers and lengths of its pieces, then the pieces one behind the
other. The same pieces make the same bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

IndexArray = npt.NDArray[np.int32]
OffsetArray = npt.NDArray[np.int64]

_HEADER: Final = struct.Struct("<4sI")
_MAGIC: Final = b"FPK1"
_NUMBERS: Final = np.dtype("<i4")
HEADER_SIZE: Final = _HEADER.size


class PackError(ValueError):
    """The bytes are no pack, or a damaged one."""


def write_pack(numbers: Sequence[int], pieces: Sequence[bytes]) -> bytes:
    """One run of bytes of `pieces`, each called by a whole number.

    Raises:
        ValueError: there are not as many numbers as pieces.
    """
    if len(numbers) != len(pieces):
        raise ValueError(f"{len(numbers)} numbers for {len(pieces)} pieces")
    lengths = [len(piece) for piece in pieces]
    return b"".join(
        (
            _HEADER.pack(_MAGIC, len(pieces)),
            np.asarray(numbers, _NUMBERS).tobytes(),
            np.asarray(lengths, _NUMBERS).tobytes(),
            *pieces,
        )
    )


def directory_size(header: bytes) -> int:
    """Bytes that header and directory take together, by the first `HEADER_SIZE` bytes.

    Raises:
        PackError: they do not begin a pack.
    """
    if len(header) < HEADER_SIZE or header[:4] != _MAGIC:
        raise PackError("the bytes are no pack")
    return HEADER_SIZE + 2 * _NUMBERS.itemsize * int(_HEADER.unpack_from(header)[1])


def read_directory(data: bytes) -> tuple[IndexArray, OffsetArray, IndexArray]:
    """Numbers int32 (n,), offsets int64 (n,) from the pack's start, and lengths int32 (n,).

    Raises:
        PackError: the bytes are no pack, or fewer than `directory_size` of it.
    """
    size = directory_size(data)
    if len(data) < size:
        raise PackError(f"the directory has {size} bytes, only {len(data)} are there")
    numbers, lengths = np.frombuffer(data[HEADER_SIZE:size], _NUMBERS).reshape(2, -1)
    ends = size + np.cumsum(lengths, dtype=np.int64)
    return numbers.astype(np.int32), ends - lengths, lengths.astype(np.int32)


def read_pack(data: bytes) -> list[tuple[int, bytes]]:
    """Every number with its piece, in the order they were written.

    Raises:
        PackError: the bytes are not exactly one pack.
    """
    numbers, offsets, lengths = read_directory(data)
    end = int(offsets[-1] + lengths[-1]) if len(offsets) else directory_size(data)
    if end != len(data):
        raise PackError(f"the pack has {end} bytes, not {len(data)}")
    return [
        (int(number), data[offset : offset + length])
        for number, offset, length in zip(numbers, offsets, lengths, strict=True)
    ]
