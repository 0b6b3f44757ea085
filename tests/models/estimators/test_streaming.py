"""Videos, frame by frame: rows in order, faces found and not, and in flat memory."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import cv2
import numpy as np
import pytest

from models.estimators.reader import Reader
from models.estimators.same_person import OtherPersonError
from models.estimators.shipped import shipped_checkpoint
from models.estimators.streaming import (
    CHUNK,
    Frame,
    FrameReader,
    VideoError,
    count_frames,
    write_csv,
)
from models.images import UnsupportedImageError
from models.registration.gaze import Gaze
from tests.support.faces import astronaut, photographed, registrar
from tests.support.heif import stored
from tests.support.pictures import portrait, portrait_image

FRAMES = CHUNK + 5
DARK = 3


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The portrait for some frames, with one black frame."""
    path = tmp_path_factory.mktemp("video") / "talk.avi"
    photo = np.asarray(portrait_image(256))[:, :, ::-1]
    out = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 25, (256, 256))  # type: ignore[attr-defined]
    for number in range(1, FRAMES + 1):
        out.write(np.zeros_like(photo) if number == DARK else np.ascontiguousarray(photo))
    out.release()
    return path


@pytest.fixture(scope="module")
def reader() -> FrameReader:
    return FrameReader(registrar(), Reader(shipped_checkpoint("compact")))


def test_every_frame_has_a_row_in_openface_s_columns(reader: FrameReader, video: Path) -> None:
    out = io.StringIO()
    aus = reader.reader.aus
    counted = write_csv(out, aus, reader.read([video]), name_files=False)
    assert counted == (FRAMES, FRAMES - 1)
    rows = list(csv.DictReader(io.StringIO(out.getvalue())))
    names = [f"{au}_{kind}" for kind in "rc" for au in aus]
    gaze = ["gaze_angle_x", "gaze_angle_y"]
    assert list(rows[0]) == ["frame", "success", *gaze, *names]
    assert [int(row["frame"]) for row in rows] == list(range(1, FRAMES + 1))
    for row in rows:
        dark = int(row["frame"]) == DARK
        assert row["success"] == ("0" if dark else "1")
        assert all((row[name] == "") == dark for name in [*gaze, *names])
    for row in (row for row in rows if row["success"] == "1"):
        assert float(row["AU12_r"]) > 2, "she smiles"
        assert abs(float(row["gaze_angle_x"])) < 0.5
        assert row["AU12_c"] == "1"
        for au in aus:
            assert row[f"{au}_c"] == str(int(float(row[f"{au}_r"]) >= 0.5))


def test_photos_and_videos_go_together(reader: FrameReader, video: Path, tmp_path: Path) -> None:
    photo = tmp_path / "eileen.png"
    photo.write_bytes(portrait())
    out = io.StringIO()
    write_csv(out, reader.reader.aus, reader.read([photo, video]), name_files=True)
    rows = list(csv.DictReader(io.StringIO(out.getvalue())))
    assert [row["file"] for row in rows] == ["eileen.png"] + ["talk.avi"] * FRAMES
    assert [row["frame"] for row in rows][:3] == ["1", "1", "2"]
    assert (count_frames(photo), count_frames(video)) == (1, FRAMES)


def test_frames_are_held_against_the_neutral_face(reader: FrameReader, video: Path) -> None:
    own = FrameReader(registrar(), reader.reader.calibrated(astronaut().image), astronaut())
    assert sum(frame.intensities is not None for frame in own.read([video])) == FRAMES - 1
    [stranger] = photographed("london/neutral", 1)
    other = FrameReader(registrar(), reader.reader.calibrated(stranger.image), stranger)
    with pytest.raises(OtherPersonError):
        next(other.read([video]))


def test_what_is_no_video_says_so(reader: FrameReader, tmp_path: Path) -> None:
    path = tmp_path / "notes.mp4"
    path.write_bytes(b"no video at all")
    with pytest.raises(VideoError, match=r"notes\.mp4"):
        list(reader.read([path]))
    with pytest.raises(VideoError, match="not a file"):
        list(reader.read([tmp_path / "missing.mp4"]))


@pytest.mark.parametrize("name", ["IMG_1.HEIC", "photo", "clip.mp4"])
def test_a_photo_is_told_by_its_bytes(reader: FrameReader, tmp_path: Path, name: str) -> None:
    """OpenCV's reader of videos would take a tile of a phone's photo for the whole."""
    path = tmp_path / name
    path.write_bytes(stored("portrait"))
    (frame,) = reader.read([path])
    assert frame.intensities is not None


def test_a_photo_of_a_kind_that_is_not_accepted_is_refused_by_name(
    reader: FrameReader, tmp_path: Path
) -> None:
    path = tmp_path / "photo.jp2"
    path.write_bytes(b"\0\0\0\x0cjP  \r\n\x87\n" + bytes(40))
    with pytest.raises(UnsupportedImageError, match="JPEG 2000"):
        list(reader.read([path]))


def test_gaze_is_in_radians_left_and_down_positive() -> None:
    """The signs of OpenFace: x to the image's right, y down."""
    out = io.StringIO()
    intensities = np.zeros(1, np.float32)
    frames = [Frame("a", 1, intensities, Gaze(yaw=18.0, pitch=9.0)), Frame("a", 2, intensities)]
    write_csv(out, ["AU12"], frames, name_files=False)
    rows = list(csv.DictReader(io.StringIO(out.getvalue())))
    assert (rows[0]["gaze_angle_x"], rows[0]["gaze_angle_y"]) == ("0.314", "-0.157")
    assert (rows[1]["gaze_angle_x"], rows[1]["gaze_angle_y"]) == ("", "")
