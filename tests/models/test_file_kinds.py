"""Files are told by their bytes, not by their names."""

from __future__ import annotations

import pytest

from models.file_kinds import accepted_photo, is_video, other_kind
from tests.support.heif import grid

VIDEOS = [
    b"\0\0\0\x18ftypisom" + bytes(40),
    b"\0\0\0\x14ftypqt  " + bytes(40),
    b"\0\0\0\x08wide" + bytes(40),
    b"\x1aE\xdf\xa3" + bytes(40),
    b"RIFF\0\0\0\0AVI LIST" + bytes(40),
    b"\0\0\x01\xba" + bytes(40),
    b"FLV\x01" + bytes(40),
    (b"\x47" + bytes(187)) * 4,
    (bytes(4) + b"\x47" + bytes(187)) * 4,
]


@pytest.mark.parametrize("data", VIDEOS)
def test_videos(data: bytes) -> None:
    assert is_video(data)
    assert not accepted_photo(data)
    assert "video" in str(other_kind(data))


@pytest.mark.parametrize(
    "data",
    [grid(), b"\xff\xd8\xff\xe0", b"RIFF\0\0\0\0WEBPVP8 ", b"\0\0\0\x18ftypavif", b"\x89PNG"],
)
def test_photos(data: bytes) -> None:
    assert accepted_photo(data)
    assert not is_video(data)


@pytest.mark.parametrize(
    "data", [b"\0\0\0\x0cjP  \r\n\x87\n", b"\0\0\0\x18ftypavis", b"P6\n2 2\n255\n", b"GGGG", b""]
)
def test_neither(data: bytes) -> None:
    assert not is_video(data)
    assert not accepted_photo(data)
