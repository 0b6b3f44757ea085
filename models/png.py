"""Writing RGB as PNG, fast.

Every drawing leaves as a PNG, and encoding a photo took longer than drawing on it. Each row is
stored as its difference from the row above and compressed by run lengths and Huffman codes
alone: for photos that gives files as small as a general-purpose encoder at its fastest level, in
less than half of its time. The same pixels give the same bytes. ISO/IEC 15948.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from typing import Final

import numpy as np
import numpy.typing as npt

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_DEPTH_AND_COLOUR: Final = (8, 2, 0, 0, 0)
"""8 bits a channel, RGB, deflate, adaptive filters, not interlaced."""
_DIFFERENCE_FROM_ABOVE: Final = 2


def write_png(rgb: npt.NDArray[np.uint8], texts: Mapping[str, str]) -> bytes:
    """PNG bytes of uint8 (H, W, 3) RGB, with `texts` as international text chunks by keyword."""
    height, width = rgb.shape[:2]
    header = struct.pack(">II5B", width, height, *_DEPTH_AND_COLOUR)
    chunks = [_chunk(b"IHDR", header)]
    for keyword, text in texts.items():
        # Keyword, then: not compressed, no language, no translated keyword.
        body = keyword.encode("latin-1") + b"\0\0\0\0\0" + text.encode()
        chunks.append(_chunk(b"iTXt", body))
    chunks += [_chunk(b"IDAT", _compressed(rgb)), _chunk(b"IEND", b"")]
    return _SIGNATURE + b"".join(chunks)


def _compressed(rgb: npt.NDArray[np.uint8]) -> bytes:
    rows = rgb.reshape(len(rgb), -1)
    filtered = np.empty((len(rows), rows.shape[1] + 1), np.uint8)
    filtered[:, 0] = _DIFFERENCE_FROM_ABOVE
    filtered[0, 1:] = rows[0]
    np.subtract(rows[1:], rows[:-1], out=filtered[1:, 1:])
    packer = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS, zlib.DEF_MEM_LEVEL, zlib.Z_RLE)
    return packer.compress(filtered.data) + packer.flush()


def _chunk(kind: bytes, body: bytes) -> bytes:
    checksum = zlib.crc32(body, zlib.crc32(kind))
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)
