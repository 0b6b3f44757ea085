"""Tables of OpenFace beside the videos and pictures they are of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from models import facs
from models.corpora.corpus import Corpus
from models.corpora.errors import CorpusError, ScaleUnknownError
from models.corpora.folder import UNKNOWN_LICENCE
from models.corpora.options import ReadOptions
from models.corpora.registry import read_corpus
from models.corpora.table import SPLITS
from models.estimators.readings import Reading
from models.estimators.readings_table import write_readings
from models.registration import LocatedFace
from models.registration.face import Pose
from tests.models.corpora import builders

# OpenFace puts a space behind every comma, in the header and before numbers
HEADER = "frame, face_id, timestamp, confidence, success, gaze_0_x, pose_Tx, AU06_r, AU12_r, AU12_c"


def row(
    frame: int,
    smile: float,
    *,
    face: int = 0,
    confidence: float = 0.98,
    success: int = 1,
    cheek: float = 0.0,
) -> str:
    seen = f"{frame}, {face}, {frame / 25:.3f}, {confidence}, {success}"
    return f"{seen}, 0.1, 12.5, {cheek}, {smile}, 1"


def write(path: Path, rows: Sequence[str], header: str = HEADER) -> None:
    builders.write_text(path, "\n".join([header, *rows]) + "\n")


def clip(root: Path, name: str = "ann.avi", frames: int = 4) -> None:
    builders.write_video(root / name, range(frames), "MJPG")


def column(corpus: Corpus, au: str) -> list[float]:
    return [
        round(float(cell), 3) for cell in corpus.table.intensity[:, facs.SUPPORTED_AUS.index(au)]
    ]


def numbers_of(corpus: Corpus) -> list[int]:
    return [
        builders.number_of(picture)
        for _, picture in corpus.pixels()
        if isinstance(picture, np.ndarray)
    ]


def people(corpus: Corpus) -> list[str]:
    return [corpus.table.subjects[number] for number in corpus.table.subject]


def test_rows_go_with_the_frames_of_the_video_of_the_same_name(tmp_path: Path) -> None:
    clip(tmp_path)
    write(tmp_path / "ann.csv", [row(number + 1, number) for number in range(4)])
    corpus = read_corpus(tmp_path, "openface")

    assert column(corpus, "AU12") == [0, 1, 2, 3]
    assert numbers_of(corpus) == [0, 1, 2, 3]
    assert [corpus.frame(index).number for index in range(4)] == [1, 2, 3, 4]
    assert people(corpus) == ["ann"] * 4
    assert corpus.layout == "openface"
    assert corpus.licence.startswith(UNKNOWN_LICENCE)
    assert "The labels are what a tracker read and no person coded" in corpus.licence
    assert corpus.notes == (
        "These labels are what a tracker read, not what people coded.",
        "1 person was told by folders, and by file names outside of them; with their files: "
        "ann (1). subjects.csv (columns file, subject) would say it otherwise.",
        "Presence follows from intensity, so these columns are used only where their AU's "
        "intensity is missing: AU12_c.",
        "Columns left out, not labels of AUs: timestamp, gaze_0_x, pose_Tx.",
    )


def test_frames_that_start_at_0_are_told_by_their_numbers(tmp_path: Path) -> None:
    clip(tmp_path)
    write(tmp_path / "ann.csv", [row(0, 0, success=0), row(1, 1), row(2, 2), row(3, 3)])
    assert numbers_of(read_corpus(tmp_path, "openface")) == [1, 2, 3]


def test_frames_the_tracker_was_not_sure_of_are_skipped_and_counted(tmp_path: Path) -> None:
    clip(tmp_path)
    rows = [
        row(1, 0),
        row(2, 99, success=0),  # what stands there is not looked at
        row(3, 2, confidence=0.79),
        row(4, 3, confidence=0.8),
    ]
    write(tmp_path / "ann.csv", rows)
    corpus = read_corpus(tmp_path, "openface")

    assert (numbers_of(corpus), column(corpus, "AU12")) == ([0, 3], [0, 3])
    assert "1 row was left out: success is 0." in corpus.notes
    assert "1 row was left out: confidence is below 0.8 (option min_confidence)." in corpus.notes
    lenient = read_corpus(tmp_path, "openface", ReadOptions(min_confidence=0.5))
    assert numbers_of(lenient) == [0, 2, 3]


def test_the_face_seen_most_is_kept_and_frames_without_its_place_are_skipped(
    tmp_path: Path,
) -> None:
    clip(tmp_path)
    rows = [row(number, 1, face=4) for number in (1, 2, 3)]
    write(tmp_path / "ann.csv", [*rows, row(3, 5, face=9), row(4, 5, face=9)])
    corpus = read_corpus(tmp_path, "openface")

    assert (numbers_of(corpus), column(corpus, "AU12")) == ([0, 1], [1, 1])
    notes = " ".join(corpus.notes)
    assert "2 rows were left out: of other faces" in notes
    assert "1 row was left out: other faces are in the frame and the table has neither" in notes


@pytest.mark.parametrize("located_by", ["box", "landmarks"])
def test_the_surroundings_of_a_face_are_cut_out_where_others_are_there(
    tmp_path: Path, located_by: str
) -> None:
    canvas = np.zeros((200, 300, 3), np.uint8)
    canvas[20:60, 30:80] = 250
    canvas[120:160, 220:270] = 90
    builders.write_picture(tmp_path / "ann.png", 0)
    assert cv2.imwrite(str(tmp_path / "ann.png"), canvas)
    boxes = {0: (220, 120, 50, 40), 1: (30, 20, 50, 40)}
    lines = []
    for face, (x, y, w, h) in boxes.items():
        if located_by == "box":
            where = f"{x},{y},{w},{h}"
        else:
            across = [x + w * point / 67 for point in range(68)]
            down = [y + h * point / 67 for point in range(68)]
            where = ",".join(f"{value:.2f}" for value in (*across, *down))
        lines.append(f"{face},{0.95 - face / 100},{where},{face + 1}")
    places = "x,y,w,h"
    if located_by == "landmarks":
        places = ",".join(f"{axis}_{point}" for axis in "xy" for point in range(68))
    # as FaceLandmarkImg writes it: faces of one picture, no frame, no success
    write(tmp_path / "ann.csv", lines, f"face,confidence,{places},AU12_r")
    corpus = read_corpus(tmp_path, "openface")

    ((_, picture),) = corpus.pixels()
    assert isinstance(picture, np.ndarray)
    assert column(corpus, "AU12") == [1]  # of two as often seen, the surer one
    assert picture.shape == (80, 100, 3)  # half of the box more on each side, within the picture
    assert (picture == 90).all(axis=2).sum() == 40 * 50
    assert not (picture == 250).any()


def test_files_in_folders_show_the_person_of_the_folder(tmp_path: Path) -> None:
    for name in ("ann/a.avi", "ann/b.avi", "bob/a.avi"):
        clip(tmp_path / "videos", name, 2)
        write((tmp_path / "videos" / name).with_suffix(".csv"), [row(1, 1)])
    corpus = read_corpus(tmp_path, "openface")

    assert people(corpus) == ["ann", "ann", "bob"]
    assert "2 people were told by folders" in corpus.notes[1]
    assert "ann (2), bob (1)" in corpus.notes[1]


def test_a_table_of_subjects_says_who_is_who_and_in_which_split(tmp_path: Path) -> None:
    for name in ("1.avi", "2.avi", "wild/3.avi"):
        clip(tmp_path, name, 2)
        write((tmp_path / name).with_suffix(".csv"), [row(1, 1)])
    who = tmp_path / "subjects.csv"
    builders.write_text(
        who, "file;subject;split\n1.avi;ann;train\n.\\2.AVI;ann;train\nwild;eve;test"
    )
    corpus = read_corpus(tmp_path, "openface")

    assert people(corpus) == ["ann", "ann", "eve"]
    assert [SPLITS[split] for split in corpus.table.split] == ["train", "train", "test"]
    builders.write_text(who, "file,subject\n1.avi,ann\n2.avi,ann\n")
    with pytest.raises(CorpusError, match=r"subjects\.csv: does not say who is in wild/3\.avi"):
        read_corpus(tmp_path, "openface")
    for outside in (tmp_path.parent, "wild/../.."):
        builders.write_text(who, f"file,subject\n{outside},ann\n")
        with pytest.raises(CorpusError, match="line 2: there is no file"):
            read_corpus(tmp_path, "openface")
    builders.write_text(who, "file,subject,split\n1.avi,ann,train\n2.avi,ann,test\n")
    with pytest.raises(CorpusError, match="line 3: ann is in more than one split"):
        read_corpus(tmp_path, "openface")


def test_what_openface_drew_itself_is_not_read(tmp_path: Path) -> None:
    clip(tmp_path)
    builders.write_video(tmp_path / "processed" / "ann.avi", [9, 9], "MJPG")
    builders.write_text(
        tmp_path / "processed" / "ann_of_details.txt", "Input:C:\\videos\\ann.mp4\n"
    )
    write(tmp_path / "processed" / "ann.csv", [row(1, 1)])
    assert numbers_of(read_corpus(tmp_path, "openface")) == [0]


def test_a_folder_of_pictures_is_numbered_by_name(tmp_path: Path) -> None:
    for number in range(3):
        builders.write_picture(tmp_path / "walk" / f"{number:03d}.png", number)
    write(tmp_path / "out" / "walk.csv", [row(3, 3), row(1, 1)])
    corpus = read_corpus(tmp_path, "openface")

    assert (numbers_of(corpus), column(corpus, "AU12")) == ([0, 2], [1, 3])
    assert people(corpus) == ["walk"] * 2


def test_a_table_of_estimates_names_the_file_of_each_row(tmp_path: Path) -> None:
    clip(tmp_path, "ann/clip.avi")
    builders.write_picture(tmp_path / "bob" / "me.png", 5)
    header = (
        "file,frame,face_id,timestamp,confidence,success,x,y,w,h,pose_Rx,"
        "AU12_r,AU43_r,AU12_c,AU43_c"
    )
    lines = [
        "ann/clip.avi,1,0,0.000,0.97,1,10,10,60,60,0.1,0.20,0.00,0,0",
        "ann/clip.avi,2,,0.040,,0,,,,,,,,,",
        "ann\\clip.avi,3,0,0.080,0.97,1,10,10,60,60,0.1,3.10,5.00,1,1",
        "./bob/ME.png,1,0,,0.97,1,10,10,60,60,0.1,2.00,0.00,1,0",
    ]
    write(tmp_path / "aus.csv", lines, header)
    corpus = read_corpus(tmp_path, "openface")

    assert people(corpus) == ["ann", "ann", "bob"]
    assert numbers_of(corpus) == [0, 2, 5]
    assert column(corpus, "AU12") == [0.2, 3.1, 2]
    assert column(corpus, "AU43") == [0, 5, 0]
    assert "1 row was left out: success is 0." in corpus.notes


def test_what_estimate_writes_is_read(tmp_path: Path) -> None:
    clip(tmp_path, "ann/clip.avi", 3)
    builders.write_picture(tmp_path / "bob" / "me.png", 5)
    film, photo = Path("talks/ann/clip.avi"), Path("talks/bob/me.png")

    def seen(file: Path, frame: int, face: int, smile: float, score: float = 0.99) -> Reading:
        where = LocatedFace((40, 40, 20, 20), Pose(0, 0, 0), score, np.zeros((468, 3), np.float32))
        read = np.array([0, smile], np.float32)
        return Reading(file, frame, frame / 25, face_id=face, face=where, intensities=read)

    readings = [
        seen(film, 1, 0, 1.25),
        seen(film, 2, 0, 4.5),
        seen(film, 2, 1, 5),  # a second face: the first one's box is cut out
        Reading(film, 3, reason="no-face"),
        seen(photo, 1, 0, 2.5),
        Reading(Path("talks/notes.txt"), 0, reason="not-an-image", detail="It is text."),
    ]
    with (tmp_path / "aus.csv").open("w", newline="") as out:
        list(write_readings(out, ("AU06", "AU12"), readings, name_files=True))
    corpus = read_corpus(tmp_path, "openface")

    assert people(corpus) == ["ann", "ann", "bob"]
    assert column(corpus, "AU12") == [1.25, 4.5, 2.5]
    shapes = [picture.shape for _, picture in corpus.pixels() if isinstance(picture, np.ndarray)]
    assert shapes == [(96, 96, 3), (40, 40, 3), (96, 96, 3)]  # the box and half of it around
    assert "2 rows were left out: success is 0." in corpus.notes
    assert "1 row was left out: of other faces than the one seen most in their file." in (
        corpus.notes
    )


@pytest.mark.parametrize(
    "written",
    [
        "ann/clip.avi",
        "talks/ann/clip.avi",
        "/home/me/talks/ann/clip.avi",
        "C:\\me\\talks\\ann\\CLIP.AVI",
        "../talks/ann/clip.avi",
    ],
)
def test_a_row_names_its_file_by_the_way_that_led_there(tmp_path: Path, written: str) -> None:
    for person in ("ann", "bob"):
        clip(tmp_path, f"{person}/clip.avi", 2)
    write(tmp_path / "tables" / "aus.csv", [f"{written},1,2.5"], "file,frame,AU12_r")
    assert people(read_corpus(tmp_path, "openface")) == ["ann"]
    write(tmp_path / "tables" / "aus.csv", ["clip.avi,1,2.5"], "file,frame,AU12_r")
    with pytest.raises(
        CorpusError, match=r"'clip\.avi' may be ann/clip\.avi or bob/clip"
    ) as caught:
        read_corpus(tmp_path, "openface")
    assert caught.value.line == 2


BROKEN: Mapping[str, tuple[Mapping[str, Sequence[str]], str, int | None, str]] = {
    "another video": ({"ann.csv": [row(n, 1) for n in range(1, 12)]}, "ann.csv", 6,
                      r"frame 5 is not in ann\.avi, whose 4 frames are numbered 1 to 4"),
    "a face twice": ({"ann.csv": [row(1, 1), row(2, 1), row(1, 2)]}, "ann.csv", 4,
                     r"frame 1 of this face is in line 2 of ann\.csv already"),
    "out of range": ({"ann.csv": [row(1, 1), row(2, 7)]}, "ann.csv", 3, "AU12_r is 7"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_wrong_is_named(tmp_path: Path, name: str) -> None:
    tables, file, line, reason = BROKEN[name]
    clip(tmp_path)
    for table, lines in tables.items():
        write(tmp_path / table, lines)
    with pytest.raises(CorpusError, match=reason) as caught:
        read_corpus(tmp_path, "openface")
    assert caught.value.path == tmp_path / file
    assert caught.value.line == line


def test_tables_without_any_video_are_no_corpus(tmp_path: Path) -> None:
    write(tmp_path / "bob.csv", [row(1, 1)])
    with pytest.raises(CorpusError, match="holds no video or picture to its tables"):
        read_corpus(tmp_path, "openface")


def test_the_only_file_there_is_what_the_table_is_of(tmp_path: Path) -> None:
    clip(tmp_path, frames=2)
    write(tmp_path / "aus.csv", ["1,1,2.5,1"], "frame,success,AU12_r,AU12_c")
    corpus = read_corpus(tmp_path, "openface")
    assert (people(corpus), column(corpus, "AU12")) == (["ann"], [2.5])


def test_tables_without_a_video_and_tables_of_something_else_are_named(tmp_path: Path) -> None:
    clip(tmp_path)
    clip(tmp_path, "eve.avi")
    write(tmp_path / "ann.csv", [row(1, 1), row(5, 1)])
    write(tmp_path / "bob.csv", [row(1, 1)])
    builders.write_text(tmp_path / "ages.csv", "person,age\nann,33\n")
    corpus = read_corpus(tmp_path, "openface")

    assert "Tables left out, to which there is no video or picture: bob.csv." in corpus.notes
    assert "Tables left out, not of frames: ages.csv." in corpus.notes
    assert "ann.avi: 1 label row fits no frame of the video and was left out." in corpus.notes


def test_two_videos_of_one_name_are_not_guessed_between(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        clip(tmp_path / folder)
    write(tmp_path / "tables" / "ann.csv", [row(1, 1)])
    with pytest.raises(CorpusError, match=r"may be of a/ann\.avi or b/ann\.avi"):
        read_corpus(tmp_path, "openface")


def test_plain_columns_have_their_scale_asked_for(tmp_path: Path) -> None:
    clip(tmp_path)
    write(tmp_path / "ann.csv", ["0, 0.93", "1, 0.5"], "frame, AU12")
    with pytest.raises(ScaleUnknownError):
        read_corpus(tmp_path, "openface")
    corpus = read_corpus(tmp_path, "openface", ReadOptions(scale="0-1"))
    assert (column(corpus, "AU12"), numbers_of(corpus)) == ([4.65, 2.5], [0, 1])
