"""Frames of photos and videos: told by their bytes, with their times, bad files beside good."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models.footage import (
    CHUNK_BYTES,
    CHUNK_FRAMES,
    FootageError,
    Frame,
    Unreadable,
    all_frames,
    chunks,
    count_frames,
    frames_of,
)
from tests.support.heif import stored
from tests.support.pictures import small_portrait
from tests.support.videos import with_times, write_video


def _greys(count: int) -> list[np.ndarray]:
    return [np.full((64, 96, 3), 20 * number, np.uint8) for number in range(count)]


def test_frames_of_a_variable_rate_carry_their_time(tmp_path: Path) -> None:
    path = write_video(tmp_path / "phone.mp4", _greys(5), rate=10)
    constant = [frame.timestamp for frame in frames_of(path)]
    assert constant == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])
    tick = 1024  # a tenth of a second, as OpenCV's writer counts at this rate
    path.write_bytes(with_times(path.read_bytes(), [0, tick, 3 * tick, 9 * tick, 10 * tick]))
    frames = list(frames_of(path))
    assert [frame.number for frame in frames] == [1, 2, 3, 4, 5]
    assert [frame.timestamp for frame in frames] == pytest.approx([0, 0.1, 0.3, 0.9, 1.0])
    assert [round(float(frame.image.mean()), -1) for frame in frames] == [0, 20, 40, 60, 80]
    assert count_frames(path) == 5


@pytest.mark.parametrize("name", ["IMG_1.HEIC", "photo", "clip.mp4", "photo.jfif", "a.tga"])
def test_a_photo_is_told_by_its_bytes(tmp_path: Path, name: str) -> None:
    """OpenCV's reader of videos would take a tile of a phone's photo for the whole."""
    path = tmp_path / name
    for content in (stored("portrait"), small_portrait()):
        path.write_bytes(content)
        (frame,) = frames_of(path)
        assert (frame.number, frame.timestamp) == (1, 0)
        assert min(frame.image.shape[:2]) >= 256
        assert count_frames(path) == 1


def test_a_video_is_told_by_its_bytes(tmp_path: Path) -> None:
    path = write_video(tmp_path / "clip.mp4", _greys(3)).rename(tmp_path / "clip.jpg")
    assert len(list(frames_of(path))) == 3


@pytest.mark.parametrize(
    ("content", "code", "told"),
    [
        (b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(40), "unsupported-image", "JPEG 2000"),
        (b"P6\n2 2\n255\n" + bytes(12), "unsupported-image", "Netpbm"),
        (b"no video at all", "not-an-image", "neither a photo nor a video"),
        (b"", "empty-image", "no bytes"),
        (b"\0\0\0\x18ftypisom" + bytes(60), "unreadable-video", "not a video"),
    ],
)
def test_what_has_no_frames_says_why(tmp_path: Path, content: bytes, code: str, told: str) -> None:
    path = tmp_path / "photo.png"
    path.write_bytes(content)
    with pytest.raises(FootageError, match=told) as caught:
        list(frames_of(path))
    assert caught.value.code == code


def test_one_bad_file_takes_its_place_between_good_ones(tmp_path: Path) -> None:
    good = tmp_path / "good.jpg"
    good.write_bytes(small_portrait())
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(small_portrait()[:3000])
    found = list(all_frames([good, cut, tmp_path / "missing.jpg", good]))
    assert [isinstance(one, Frame) for one in found] == [True, False, False, True]
    bad = [one for one in found if isinstance(one, Unreadable)]
    assert [one.file.name for one in bad] == ["cut.jpg", "missing.jpg"]
    assert [one.error.code for one in bad] == ["truncated-image", "unreadable-file"]
    assert "No such file" in str(bad[1].error)


def test_chunks_hold_so_many_frames_and_bytes() -> None:
    small = np.zeros((8, 8, 3), np.uint8)
    large = np.zeros((CHUNK_BYTES // 3 // 5_000, 5_000, 3), np.uint8)  # a chunk by itself
    images = [small] * (CHUNK_FRAMES + 2) + [large, small, large]
    frames = [Frame(Path("a"), number, 0, image) for number, image in enumerate(images, 1)]
    parts = list(chunks(iter(frames)))
    assert [frame for part in parts for frame in part] == frames
    assert [len(part) for part in parts] == [CHUNK_FRAMES, 4, 1]
    for part in parts:
        held = sum(frame.image.nbytes for frame in part if isinstance(frame, Frame))
        assert len(part) == 1 or held <= CHUNK_BYTES
