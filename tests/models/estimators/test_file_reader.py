"""Videos and photos, face by face: followed, refused for a reason, read in order."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from models.estimators.file_reader import FileReader
from models.estimators.reader import Reader
from models.estimators.shipped import shipped_checkpoint
from models.facs import SUPPORTED_AUS
from models.footage import CHUNK_FRAMES
from models.registration import SMALLEST_READ
from tests.support.faces import astronaut, calm, photographed, registrar
from tests.support.pictures import no_face, portrait, portrait_image, small_portrait
from tests.support.videos import smiling_and_calm, write_video

FRAMES = CHUNK_FRAMES + 5
DARK = 3
AU12, AU25 = SUPPORTED_AUS.index("AU12"), SUPPORTED_AUS.index("AU25")


@pytest.fixture(scope="module")
def reader() -> FileReader:
    return FileReader(registrar(), Reader(shipped_checkpoint("compact")))


@pytest.fixture(scope="module")
def talk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The portrait for some frames, with one black frame."""
    photo = np.asarray(portrait_image(256), np.uint8)
    pictures = [photo if number != DARK else photo * 0 for number in range(1, FRAMES + 1)]
    return write_video(tmp_path_factory.mktemp("video") / "talk.avi", pictures)


@pytest.fixture(scope="module")
def two_people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A smiling face on the left, a calm one on the right; by turns each is the larger."""
    pictures = [
        smiling_and_calm(300, 270) if number % 2 == 0 else smiling_and_calm(270, 300)
        for number in range(6)
    ]
    return write_video(tmp_path_factory.mktemp("video") / "two.avi", pictures)


def test_every_frame_has_a_row(reader: FileReader, talk: Path) -> None:
    rows = list(reader.read([talk]))
    assert [row.frame for row in rows] == list(range(1, FRAMES + 1))
    assert [row.timestamp for row in rows] == pytest.approx([n / 25 for n in range(FRAMES)])
    for row in rows:
        if row.frame == DARK:
            assert (row.reason, row.face, row.intensities) == ("no-face", None, None)
            continue
        assert row.reason == ""
        assert row.face_id == 0
        assert row.intensities is not None
        assert row.intensities[AU12] > 2, "she smiles"


def test_one_of_two_people_is_kept_to(reader: FileReader, two_people: Path) -> None:
    rows = list(reader.read([two_people]))
    assert len(rows) == 6
    assert {row.face_id for row in rows} == {0}
    assert {row.faces for row in rows} == {2}
    for row in rows:
        assert row.face is not None
        assert row.intensities is not None
        assert row.face.box[0] < 320, "the left one"
        assert row.intensities[AU25] > 3, "she shows her teeth"


def test_every_face_is_read_when_asked_for(reader: FileReader, two_people: Path) -> None:
    every = FileReader(registrar(), reader.reader, all_faces=True)
    rows = list(every.read([two_people]))
    assert [(row.frame, row.face_id, row.first) for row in rows] == [
        (frame, face, face == 0) for frame in range(1, 7) for face in (0, 1)
    ]
    for row in rows:
        assert row.face is not None
        assert row.intensities is not None
        assert (row.face.box[0] < 320) == (row.face_id == 0)
        assert (row.intensities[AU25] > 2) == (row.face_id == 0), "only on the left are teeth"


def test_files_are_read_in_turn_and_a_bad_one_is_named(
    reader: FileReader, talk: Path, tmp_path: Path
) -> None:
    photo, cut, garden = (tmp_path / name for name in ("eileen.png", "cut.jpg", "garden.jpg"))
    photo.write_bytes(portrait())
    cut.write_bytes(small_portrait()[:3000])
    garden.write_bytes(no_face())
    rows = list(reader.read([photo, cut, talk, garden, photo]))
    assert [row.file for row in rows] == [photo, cut, *[talk] * FRAMES, garden, photo]
    assert [row.frame for row in rows[:4]] == [1, 0, 1, 2]
    assert rows[1].reason == "truncated-image"
    assert "cut short" in rows[1].detail
    assert rows[-2].reason == "no-face"
    np.testing.assert_array_equal(rows[0].intensities, rows[-1].intensities)


def test_strangers_are_refused_and_others_read(reader: FileReader, tmp_path: Path) -> None:
    [stranger] = photographed("london/neutral", 1)
    mine = tmp_path / "mine.png"
    mine.write_bytes(portrait())
    theirs = tmp_path / "theirs.png"
    cv2.imwrite(str(theirs), stranger.photo[:, :, ::-1])
    own = FileReader(registrar(), reader.reader.calibrated(calm().image), calm())
    assert [row.reason for row in own.read([theirs, mine, theirs])] == [
        "other-person", "", "other-person"
    ]  # fmt: skip


def test_a_stranger_late_in_a_video_is_refused(reader: FileReader, tmp_path: Path) -> None:
    [stranger] = photographed("london/neutral", 1)
    mine = np.asarray(portrait_image(512), np.uint8)
    scale = 512 / max(stranger.photo.shape)
    theirs = np.zeros_like(mine)
    small = cv2.resize(stranger.photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    theirs[: small.shape[0], : small.shape[1]] = small
    video = write_video(tmp_path / "long.avi", [mine] * (CHUNK_FRAMES + 4) + [theirs] * 4)
    own = FileReader(registrar(), reader.reader.calibrated(calm().image), calm())
    rows = list(own.read([video]))
    assert [row.reason for row in rows] == [""] * (CHUNK_FRAMES + 4) + ["other-person"] * 4
    assert len({row.face_id for row in rows}) == 2


def test_one_odd_look_does_not_make_a_stranger(
    reader: FileReader, talk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A face of a video is judged by its looks together; the first five frames are looked at."""
    own = FileReader(registrar(), reader.reader, astronaut())
    for looks, refused in (([0.1, 0.1, 0.9, 0.1, 0.1], False), ([0.9] * 5, True)):
        left = iter(looks)
        monkeypatch.setattr(
            "models.estimators.file_reader.distance", lambda *_, left=left: next(left)
        )
        rows = [row for row in own.read([talk]) if row.frame != DARK]
        assert {bool(row.reason) for row in rows} == {refused}
        assert next(left, None) is None


def test_a_stranger_in_the_same_place_is_soon_refused(
    reader: FileReader, talk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cut between faces that lie alike: one look that says so, and every frame is looked at."""
    own = FileReader(registrar(), reader.reader, astronaut())
    seen: list[float] = []

    def looked(*_: object) -> float:
        seen.append(0.1 if len(seen) < 5 else 0.9)
        return seen[-1]

    monkeypatch.setattr("models.estimators.file_reader.distance", looked)
    monkeypatch.setattr("models.estimators.file_reader._LOOK_AGAIN", 8)
    rows = [row for row in own.read([talk]) if row.frame != DARK]
    # looked at: frames 1 to 5, 8, and from there on; nine looks are kept, five of them are needed
    assert [bool(row.reason) for row in rows] == [False] * 11 + [True] * (len(rows) - 11)


@pytest.mark.parametrize(("share", "read"), [(1.1, True), (0.9, False)])
def test_faces_below_the_stated_size_are_not_read(
    reader: FileReader, tmp_path: Path, share: float, read: bool
) -> None:
    whole = np.asarray(portrait_image(512), np.uint8)
    side = round(512 * share * SMALLEST_READ / registrar().find(whole).box[2])
    path = tmp_path / "small.png"
    cv2.imwrite(
        str(path), cv2.resize(whole, (side, side), interpolation=cv2.INTER_AREA)[:, :, ::-1]
    )
    [row] = reader.read([path])
    assert (row.reason, row.intensities is None) == ("" if read else "face-too-small", not read)
    assert row.face is not None
    assert row.face.box[2] == pytest.approx(share * SMALLEST_READ, rel=0.05)


def test_readings_of_one_face_are_those_of_the_registrar(reader: FileReader) -> None:
    face = registrar().find(astronaut().photo)
    same = registrar().register(astronaut().photo, face=face)
    np.testing.assert_array_equal(same.image, astronaut().image)
