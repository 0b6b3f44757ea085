"""HEIC files put together from coded tiles, so that a test can say what a file claims.

The tiles are still pictures of 64x64 pixels, the four quarters of `PICTURE`, coded once by x265;
no encoder is needed to run the tests. Boxes: ISO/IEC 14496-12 and 23008-12.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from models.images import ImageArray

FOLDER = Path(__file__).parents[1] / "models" / "heif"
TILE = 64


def picture() -> ImageArray:
    """128x128; the four corners differ, so that every turn of it is another picture."""
    y, x = np.mgrid[:128, :128]
    red, green = 255 * x / 127, 255 * y / 127
    return np.stack([red, green, 255 - (red + green) / 2], axis=-1).astype(np.uint8)


def stored(name: str) -> bytes:
    return (FOLDER / f"{name}.heic").read_bytes()


def grid(
    *,
    size: tuple[int, int] = (128, 128),
    turns: int = 0,
    exif: bytes = b"",
    profile: bytes = b"",
    tiles: Sequence[str] = ("tile_0", "tile_1", "tile_2", "tile_3"),
) -> bytes:
    """A file of two rows of two tiles, as phones write it.

    Args:
        size: width and height that the whole claims.
        turns: by how many right angles a viewer is to turn it, anticlockwise.
        exif: a TIFF block.
        profile: ICC bytes.
    """
    coded = [_tile(stored(name)) for name in tiles]
    whole = len(tiles) + 1
    items = [data for _, data in coded] + [struct.pack(">BBBBHH", 0, 0, 1, 1, *size)]
    kinds = [b"hvc1"] * len(tiles) + [b"grid"]
    references = [
        _box(b"dimg", struct.pack(f">HH{len(tiles)}H", whole, len(tiles), *range(1, whole)))
    ]
    if exif:
        items.append(struct.pack(">I", 0) + exif)
        kinds.append(b"Exif")
        references.append(_box(b"cdsc", struct.pack(">HHH", whole + 1, 1, whole)))
    properties = [
        coded[0][0],
        _full(b"ispe", 0, 0, struct.pack(">II", TILE, TILE)),
        _full(b"ispe", 0, 0, struct.pack(">II", *size)),
    ]
    of_whole = [3]
    if turns:
        properties.append(_box(b"irot", bytes([turns])))
        of_whole.append(0x80 | len(properties))
    if profile:
        properties.append(_box(b"colr", b"prof", profile))
        of_whole.append(len(properties))
    owners = [struct.pack(">HBBB", item, 2, 0x81, 2) for item in range(1, whole)]
    owners.append(struct.pack(">HB", whole, len(of_whole)) + bytes(of_whole))
    ipma = _full(b"ipma", 0, 0, struct.pack(">I", len(owners)), *owners)
    entries = [
        _full(b"infe", 2, int(kind == b"hvc1"), struct.pack(">HH4s", item, 0, kind), b"\0")
        for item, kind in enumerate(kinds, start=1)
    ]
    ftyp = _box(b"ftyp", b"heic", bytes(4), b"mif1heic")

    def meta(start: int) -> bytes:
        places, at = b"", start
        for item, data in enumerate(items, start=1):
            places += struct.pack(">HHHII", item, 0, 1, at, len(data))
            at += len(data)
        return _full(
            b"meta", 0, 0,
            _full(b"hdlr", 0, 0, bytes(4), b"pict", bytes(13)),
            _full(b"pitm", 0, 0, struct.pack(">H", whole)),
            _full(b"iinf", 0, 0, struct.pack(">H", len(items)), *entries),
            _full(b"iref", 0, 0, *references),
            _box(b"iprp", _box(b"ipco", *properties), ipma),
            _full(b"iloc", 0, 0, struct.pack(">BBH", 0x44, 0, len(items)), places),
        )  # fmt: skip

    start = len(ftyp) + len(meta(0)) + 8
    return ftyp + meta(start) + _box(b"mdat", *items)


def _tile(still: bytes) -> tuple[bytes, bytes]:
    """The decoder's configuration and the coded pixels of a file with one picture."""
    at = still.index(b"hvcC") - 4
    length = int.from_bytes(still[at : at + 4], "big")
    pixels = still[still.index(b"mdat") + 4 :]
    return still[at : at + length], pixels


def _box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def _full(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    return _box(kind, struct.pack(">I", version << 24 | flags), *parts)
