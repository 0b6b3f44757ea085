"""What a file is by its first bytes, whatever its name says."""

from __future__ import annotations

from typing import Final

__all__ = ["HEAD", "accepted_photo", "is_video", "other_kind"]

HEAD: Final = 1024
"""Bytes of a file that are enough to tell."""

# Signatures at an offset. Pillow's own word for an image that it cannot open is the same for a
# damaged JPEG and for a shopping list.
_ACCEPTED: Final = (
    (0, b"\xff\xd8\xff"), (0, b"\x89PNG"), (8, b"WEBP"), (0, b"GIF8"), (0, b"BM"),
    (0, b"II*\0"), (0, b"MM\0*"), (4, b"ftypavif"), (4, b"ftyphei"), (4, b"ftyphev"),
    (4, b"ftypmif1"), (4, b"ftypmif2"), (4, b"ftypmsf1"),
)  # fmt: skip
_PHOTOS: Final = (
    (4, b"ftypavis", "animated AVIF"), (4, b"ftypcrx", "Canon raw"),
    (0, b"\0\0\0\x0cjP  ", "JPEG 2000"), (0, b"\xffO\xffQ", "JPEG 2000"),
    (0, b"\xff\x0a", "JPEG XL"), (0, b"\0\0\0\x0cJXL ", "JPEG XL"), (0, b"8BPS", "Photoshop"),
    (0, b"%PDF", "PDF"), (0, b"%!PS", "PostScript"), (0, b"<svg", "SVG"),
    (0, b"\0\0\x01\0", "icon"), (0, b"II+\0", "BigTIFF"), (0, b"MM\0+", "BigTIFF"),
    (0, b"qoif", "QOI"), (0, b"DDS ", "DDS"), (0, b"SIMPLE  =", "FITS"),
    (0, b"v/1\x01", "OpenEXR"), (0, b"#?RADIANCE", "Radiance HDR"),
    *((0, b"P%d" % digit + space, "Netpbm") for digit in range(1, 8) for space in (b"\n", b" ")),
)  # fmt: skip
_VIDEOS: Final = (
    (4, b"ftyp", "MP4 video"), (4, b"moov", "QuickTime video"), (4, b"mdat", "QuickTime video"),
    (4, b"wide", "QuickTime video"), (4, b"free", "QuickTime video"),
    (0, b"\x1aE\xdf\xa3", "Matroska or WebM video"), (8, b"AVI ", "AVI video"),
    (0, b"\0\0\x01\xba", "MPEG video"), (0, b"\0\0\x01\xb3", "MPEG video"),
    (0, b"0&\xb2u\x8ef\xcf\x11", "Windows Media video"), (0, b"FLV\x01", "Flash video"),
    (0, b"OggS", "Ogg video"), (0, b"YUV4MPEG2", "YUV4MPEG video"), (0, b"DKIF", "IVF video"),
    (0, b"\x06\x0e+4\x02\x05\x01\x01", "MXF video"),
    (0, b"\0\0\0\x01\x67", "H.264 video"), (0, b"\0\0\0\x01\x40", "H.265 video"),
)  # fmt: skip
_TRANSPORT_PACKETS: Final = (188, 192, 204)
"""Bytes from one 0x47 of an MPEG transport stream to the next; 192 begins with a time code."""


def accepted_photo(data: bytes) -> bool:
    """Whether the bytes begin as a photo of a kind that `models.images` decodes."""
    return any(data.startswith(signature, offset) for offset, signature in _ACCEPTED)


def other_kind(data: bytes) -> str | None:
    """The name of another kind of file that people send for a photo; None where it is not known."""
    head = data[:256].lstrip()
    for offset, signature, name in (*_PHOTOS, *_VIDEOS):
        if data.startswith(signature, offset) or (offset == 0 and head.startswith(signature)):
            return name
    if b"<svg" in data[:HEAD]:
        return "SVG"
    return "MPEG video" if _is_transport_stream(data) else None


def is_video(data: bytes) -> bool:
    """Whether the bytes begin as a video of a common kind, and not as a photo of any."""
    if accepted_photo(data) or any(data.startswith(start, at) for at, start, _ in _PHOTOS):
        return False
    if any(data.startswith(start, at) for at, start, _ in _VIDEOS):
        return True
    return _is_transport_stream(data)


def _is_transport_stream(data: bytes) -> bool:
    return any(
        len(data) > 2 * step
        and all(data[at : at + 1] == b"\x47" for at in range(first, 2 * step + first + 1, step))
        for step in _TRANSPORT_PACKETS
        for first in ((4,) if step == 192 else (0,))
    )
