"""Frames are decoded when asked for, in order, one at a time, and never shifted."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.corpora.errors import CorpusError, FrameMissingError
from models.corpora.pixels import Video, VideoReader, frame_count
from models.corpora.registry import read_corpus
from models.images import ImageLimits
from tests.models.corpora import builders


@pytest.mark.parametrize(("codec", "suffix"), [("mp4v", "mp4"), ("XVID", "avi"), ("MJPG", "avi")])
def test_any_order_gives_the_right_frame(tmp_path: Path, codec: str, suffix: str) -> None:
    path = tmp_path / f"video.{suffix}"
    builders.write_video(path, range(10), codec)

    assert frame_count(path) == 10
    with Video(path).reader() as reader:
        for position in (0, 1, 5, 4, 9, 3, 3, 0):
            assert builders.number_of(reader.read(position)) == position


def test_a_frame_behind_the_end_is_missing_and_the_others_still_come(tmp_path: Path) -> None:
    path = tmp_path / "video.avi"
    builders.write_video(path, range(3), "MJPG")

    with Video(path).reader() as reader:
        with pytest.raises(FrameMissingError, match="ends or breaks at frame 3"):
            reader.read(7)
        assert builders.number_of(reader.read(1)) == 1


def test_a_video_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "video.avi"
    path.write_bytes(b"RIFF" + bytes(400))

    with pytest.raises(CorpusError, match="cannot be opened"):
        VideoReader(path)


def test_frames_over_the_limit_are_refused_before_decoding(tmp_path: Path) -> None:
    path = tmp_path / "video.avi"
    builders.write_video(path, range(2), "MJPG")

    with pytest.raises(CorpusError, match="96x96 pixels are larger"):
        VideoReader(path, ImageLimits(max_pixels=96 * 95))


def test_a_damaged_picture_comes_as_its_error_between_the_others(tmp_path: Path) -> None:
    builders.write_folder(tmp_path)
    whole = (tmp_path / "pictures" / "1.png").read_bytes()
    (tmp_path / "pictures" / "1.png").write_bytes(whole[:400])
    corpus = read_corpus(tmp_path, "folder")

    outcomes = dict(corpus.pixels())
    assert isinstance(outcomes[1], FrameMissingError)
    assert outcomes[1].path.name == "1.png"
    for index in (0, 2):
        rgb = outcomes[index]
        assert not isinstance(rgb, FrameMissingError)
        assert builders.number_of(rgb) == index


def test_a_shard_decodes_its_own_frames_only(tmp_path: Path) -> None:
    builders.write_disfa(tmp_path)
    corpus = read_corpus(tmp_path, "disfa")

    numbers = []
    for index, rgb in corpus.pixels(range(3, 6)):
        assert not isinstance(rgb, FrameMissingError)
        numbers.append((index, builders.number_of(rgb)))
    assert numbers == [(3, 3), (4, 0), (5, 1)]
    with pytest.raises(IndexError, match="frame 8 of 8"):
        list(corpus.pixels([8]))
