"""HEIC and HEIF, the container that phones keep photos in: what it claims, and its pixels.

Read by pi-heif (libheif and libde265), which only decodes; its sister package pillow-heif brings
x265, an encoder under the GPL. The library is asked directly: registering it with Pillow would
change Pillow for the whole process.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pi_heif
from PIL import Image

__all__ = ["HeifPhoto", "is_heif", "open_heif"]

_HEVC: Final = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
"""Brands of ISO/IEC 23008-12, Annex B, whose pictures are coded by HEVC."""
_ANY_CODING: Final = frozenset({b"mif1", b"msf1", b"mif2"})
"""Brands that leave the coding to the compatible brands that follow."""
_OTHER_CODING: Final = frozenset({b"avif", b"avis"})


@dataclass(frozen=True, eq=False)
class HeifPhoto:
    """An opened file, not yet decoded.

    Attributes:
        width, height: of the primary picture in pixels, upright, as the file claims.
        pictures: how many a viewer would show; thumbnails, depth and gain maps do not count.
        media_type: ``image/heic`` or ``image/heif``.
    """

    width: int
    height: int
    pictures: int
    media_type: str
    _file: Any

    def decoded(self) -> Image.Image:
        """The primary picture, 8 bits a channel, joined from its tiles and upright.

        Raises:
            ValueError: the pixels are of another size than the file claims.
            OSError, RuntimeError, EOFError, SyntaxError: the file is damaged.
        """
        image: Image.Image = self._file.to_pillow()
        if image.size != (self.width, self.height):
            raise ValueError(f"{image.size} pixels, not {self.width}x{self.height} as claimed")
        return image


def is_heif(data: bytes) -> bool:
    """Whether a file begins as HEIC or HEIF does; AVIF lies in the same box and is not meant."""
    if data[4:8] != b"ftyp":
        return False
    brand = data[8:12]
    if brand in _HEVC:
        return True
    length = min(int.from_bytes(data[:4], "big"), 256)
    compatible = {data[at : at + 4] for at in range(16, length, 4)}
    return brand in _ANY_CODING and not compatible & _OTHER_CODING


def open_heif(data: bytes) -> HeifPhoto:
    """Read a file's boxes; no pixel is decoded.

    Raises:
        ValueError, IndexError, OSError, RuntimeError, EOFError, SyntaxError: the file is damaged.
    """
    file = pi_heif.open_heif(data)
    width, height = file.size
    media_type = "image/heif" if data[8:12] in _ANY_CODING else "image/heic"
    return HeifPhoto(int(width), int(height), len(file), media_type, file)
