"""Every layout is read back from disk: values, missing labels, subjects, splits and pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from models import facs
from models.corpora import disfa, fera2017
from models.corpora.corpus import Corpus
from models.corpora.errors import CorpusError, FrameMissingError
from models.corpora.folder import UNKNOWN_LICENCE
from models.corpora.options import ReadOptions
from models.corpora.registry import UnknownLayoutError, layout_named, read_corpus
from models.corpora.splits import shared_subjects
from models.corpora.table import SPLITS
from tests.models.corpora import builders

NAN = float("nan")


def column(corpus: Corpus, au: str) -> list[float]:
    return [float(value) for value in corpus.table.intensity[:, facs.SUPPORTED_AUS.index(au)]]


def occurrence(corpus: Corpus, au: str) -> list[int]:
    return [int(code) for code in corpus.table.occurrence[:, facs.SUPPORTED_AUS.index(au)]]


def picture_numbers(corpus: Corpus) -> list[int]:
    numbers = []
    for _, rgb in corpus.pixels():
        assert not isinstance(rgb, FrameMissingError)
        numbers.append(builders.number_of(rgb))
    return numbers


@pytest.mark.parametrize("first", [0, 1, 2440])
def test_fera2017_pairs_rows_with_frames_whatever_number_they_start_with(
    tmp_path: Path, first: int
) -> None:
    builders.write_fera(tmp_path, first=first)
    corpus = fera2017.read(tmp_path)

    assert corpus.table.subjects == ("TR_F001", "VA_F001")
    np.testing.assert_array_equal(column(corpus, "AU01"), [0, 1, 5, NAN, 2, 2, 2, 2])
    np.testing.assert_array_equal(column(corpus, "AU12"), [3, 3, 0, 2, 0, 0, 4, 4])
    assert picture_numbers(corpus) == [0, 1, 2, 3] * 2
    assert corpus.frame(2).number == first + 2
    assert [SPLITS[split] for split in corpus.table.split] == ["train"] * 4 + ["validation"] * 4


def test_fera2017_takes_presence_where_no_intensity_is_coded(tmp_path: Path) -> None:
    builders.write_fera(tmp_path)
    corpus = fera2017.read(tmp_path)

    assert occurrence(corpus, "AU07")[:4] == [1, 0, -1, 0]  # from the table; 9 is missing
    assert occurrence(corpus, "AU01")[:4] == [0, 1, 1, 1]  # where 9 hides the intensity
    assert occurrence(corpus, "AU12")[:4] == [1, 1, 0, 1]
    assert corpus.table.neutral.tolist()[:4] == [False] * 4


def test_fera2017_views_are_sequences_of_their_own(tmp_path: Path) -> None:
    builders.write_fera(tmp_path, views=(1, 6, 9))
    corpus = read_corpus(tmp_path, "fera2017", ReadOptions(views=(1, 6, 9)))

    assert len(corpus) == 2 * 3 * 4
    assert corpus.sequences[0][0] == "TR_F001_T1_1"
    assert shared_subjects(corpus.table) == ()
    assert corpus.notes == ()


def test_fera2017_reads_the_frontal_view_unless_others_are_asked_for(tmp_path: Path) -> None:
    builders.write_fera(tmp_path, views=(1, 6, 9))
    corpus = read_corpus(tmp_path, "fera2017")

    assert {name[-2:] for name, _ in corpus.sequences} == {"_6"}
    assert {file.name[-6:] for file in corpus.files()} == {"_6.mp4"}
    assert corpus.notes == (
        "Of the nine views, view 6 was read; views 1, 9 are there too, and the option views asks "
        "for them.",
    )
    with pytest.raises(CorpusError, match=r"holds no video of view 2; it has those of views 1, 6"):
        read_corpus(tmp_path, "fera2017", ReadOptions(views=(2,)))


def test_bp4d_matches_frames_by_number_and_reads_9_as_missing(tmp_path: Path) -> None:
    builders.write_bp4d(tmp_path)
    (tmp_path / "2D+3D" / "M002" / "T1" / "02441.jpg").unlink()
    corpus = read_corpus(tmp_path, "bp4d")

    np.testing.assert_array_equal(column(corpus, "AU06"), [0, 2, NAN, 5, 0, NAN, 5])
    assert picture_numbers(corpus) == [0, 1, 2, 3, 0, 2, 3]
    assert corpus.frame(5).file.name == "02442.jpg"
    assert occurrence(corpus, "AU04") == [0, 1, 0, 0, -1, -1, -1]
    assert occurrence(corpus, "AU12") == [0, 0, 1, 1, 0, 1, 1]  # by intensity, not by its table
    assert corpus.table.neutral.tolist()[:2] == [True, False]
    assert [SPLITS[split] for split in corpus.table.split] == ["train"] * 4 + ["validation"] * 3
    assert corpus.notes == ("1 coded frames have no picture and were left out.",)


def test_disfa_counts_frames_from_one_and_reads_one_camera(tmp_path: Path) -> None:
    builders.write_disfa(tmp_path)
    (tmp_path / "Videos_LeftCamera" / "LeftVideoSN002_comp.avi").rename(
        tmp_path / "Videos_LeftCamera" / "RightVideoSN002_comp.avi"
    )
    corpus = read_corpus(tmp_path, "disfa")

    assert [name for name, _ in corpus.sequences] == ["SN001_left", "SN002_right"]
    assert column(corpus, "AU01") == [0, 1, 2, 3] * 2
    assert picture_numbers(corpus) == [0, 1, 2, 3] * 2
    assert corpus.frame(1).number == 2
    assert corpus.table.coded_aus == ("AU01", "AU12")
    assert corpus.notes == (
        "1 video of the other camera was not read; the option cameras asks for it.",
        "Of SN002 there is the right camera alone, which was read.",
    )


def test_disfa_reads_the_cameras_that_are_asked_for(tmp_path: Path) -> None:
    builders.write_disfa(tmp_path)
    both = disfa.read(tmp_path, ReadOptions(cameras=("left", "right")))
    right = disfa.read(tmp_path, ReadOptions(cameras=("right",)))

    assert [name for name, _ in both.sequences] == ["SN001_left", "SN001_right", "SN002_left"]
    assert [name for name, _ in right.sequences] == ["SN001_right"]
    assert "No video for SN002, whose labels were left out." in right.notes


def test_disfa_lets_a_video_lack_its_last_frame_and_says_so(tmp_path: Path) -> None:
    builders.write_disfa(tmp_path, labels=5)
    corpus = read_corpus(tmp_path, "disfa")

    assert picture_numbers(corpus) == [0, 1, 2, 3] * 2
    for name in ("SN001_left", "SN002_left"):
        assert f"{name}: 1 label row fits no frame of the video and was left out." in corpus.notes


def test_a_video_that_is_cut_short_is_named(tmp_path: Path) -> None:
    builders.write_disfa(tmp_path)
    video = tmp_path / "Videos_LeftCamera" / "LeftVideoSN002_comp.avi"
    whole = video.read_bytes()
    video.write_bytes(whole[: len(whole) // 2])
    corpus = read_corpus(tmp_path, "disfa")

    assert any(
        note.startswith("Videos_LeftCamera/LeftVideoSN002_comp.avi is cut short, ")
        and f" of {len(whole):,} bytes" in note
        for note in corpus.notes
    )
    found = [not isinstance(picture, FrameMissingError) for _, picture in corpus.pixels()]
    assert found[:4] == [True] * 4
    assert not found[-1]


def test_unbc_reads_empty_files_as_no_au_and_leaves_pain_scores_alone(tmp_path: Path) -> None:
    builders.write_unbc(tmp_path)
    corpus = read_corpus(tmp_path, "unbc")

    assert column(corpus, "AU04") == [0, 3, 0]
    assert column(corpus, "AU43") == [0, 5, 0]
    np.testing.assert_array_equal(column(corpus, "AU01"), [NAN] * 3)
    assert picture_numbers(corpus) == [0, 1, 2]
    assert [corpus.frame(index).number for index in range(3)] == [1, 2, 3]
    assert corpus.table.subjects == ("042-ll042",)
    assert any("AU27 in 1" in note for note in corpus.notes)


def test_folder_reads_letters_fractions_and_missing_cells(tmp_path: Path) -> None:
    builders.write_folder(tmp_path)
    corpus = read_corpus(tmp_path, "folder")

    np.testing.assert_array_equal(column(corpus, "AU06"), [0, 2.5, NAN])
    np.testing.assert_array_equal(column(corpus, "AU12"), [3, NAN, 5])
    assert corpus.table.subjects == ("ann", "bob")
    assert picture_numbers(corpus) == [0, 1, 2]
    assert corpus.licence == UNKNOWN_LICENCE
    assert corpus.notes == (
        "Columns left out, of no AU that Facsimile draws: AU27.",
        "Cells read as missing: nan in 1.",
    )


def test_folder_reads_videos_by_frame_and_its_own_licence_and_splits(tmp_path: Path) -> None:
    builders.write_video(tmp_path / "a.avi", range(4), "MJPG")
    builders.write_text(tmp_path / "LICENSE", "CC BY 4.0\n")
    table = {
        "file": ["a.avi"] * 3,
        "frame": [3, 0, 2],
        "subject": ["ann"] * 3,
        "AU12": [3.0, None, 2.0],
        "AU06": [1.0, 0.0, None],
        "split": ["test"] * 3,
    }
    pq.write_table(pa.table(table), tmp_path / "labels.parquet")
    corpus = read_corpus(tmp_path, "folder")

    assert picture_numbers(corpus) == [0, 2, 3]
    np.testing.assert_array_equal(column(corpus, "AU12"), [NAN, 2, 3])
    assert corpus.licence == "CC BY 4.0"
    assert {SPLITS[split] for split in corpus.table.split} == {"test"}


def test_describe_counts_levels(tmp_path: Path) -> None:
    builders.write_bp4d(tmp_path)
    described = read_corpus(tmp_path, "bp4d").describe()

    assert described["frames"] == 8
    assert described["subjects"] == 2
    assert described["aus"] == {
        "AU06": {"0": 2, "A": 0, "B": 2, "C": 0, "D": 0, "E": 2},
        "AU12": {"0": 4, "A": 4, "B": 0, "C": 0, "D": 0, "E": 0},
    }
    assert described["splits"] == {"train": 4, "validation": 4}


def test_unknown_layout_is_named() -> None:
    assert layout_named("unbc") == "unbc"
    with pytest.raises(UnknownLayoutError, match="'ck' is no corpus layout"):
        layout_named("ck")
