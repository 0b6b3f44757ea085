"""Tables as spreadsheets and neighbouring tools write them are read, or refused in plain words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from models import facs
from models.corpora.corpus import Corpus
from models.corpora.errors import CorpusError, ScaleUnknownError
from models.corpora.options import ReadOptionError, ReadOptions
from models.corpora.registry import read_corpus
from tests.models.corpora import builders

NAN = float("nan")


def column(corpus: Corpus, au: str) -> list[float]:
    return [round(float(cell), 4) for cell in corpus.table.intensity[:, _index(au)]]


def presence(corpus: Corpus, au: str) -> list[int]:
    return [int(code) for code in corpus.table.occurrence[:, _index(au)]]


def _index(au: str) -> int:
    return facs.SUPPORTED_AUS.index(au)


def folder(root: Path, table: str | bytes, count: int = 3, name: str = "labels.csv") -> Path:
    """Pictures 0.png, 1.png, … and a table."""
    for number in range(count):
        builders.write_picture(root / f"{number}.png", number)
    data = table if isinstance(table, bytes) else table.encode()
    (root / name).write_bytes(data)
    return root


def rows(header: str, *cells: str) -> str:
    """A table of ann's pictures with these label cells."""
    lines = [f"{number}.png,ann,{cell}" for number, cell in enumerate(cells)]
    return "\n".join([f"file,subject,{header}", *lines]) + "\n"


WHOLE = "file;subject;AU06;AU12\n0.png;ann;0;2,5\n1.png;ann;B;0,75\n2.png;bob;;5\n"


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("labels.csv", WHOLE.encode(), "separated by semicolons"),
        ("labels.csv", WHOLE.replace(";", "\t").encode(), "separated by tabs"),
        ("labels.tsv", WHOLE.replace(";", "\t").encode(), "separated by tabs"),
        ("labels.csv", b"sep=;\r\n" + WHOLE.replace("\n", "\r\n").encode(), "by semicolons"),
        ("labels.csv", b"\xef\xbb\xbf" + WHOLE.encode(), "separated by semicolons"),
        ("labels.csv", WHOLE.replace(";", "\t").encode("utf-16"), "tabs and text in UTF-16"),
        ("LABELS.CSV", WHOLE.replace("\n", "\r").encode(), "separated by semicolons"),
        ("labels.csv", (WHOLE + ";;;\n;;\n\n").encode(), "separated by semicolons"),
        ("labels.csv", WHOLE.replace("\n", ";;\n").encode(), "separated by semicolons"),
    ],
)  # fmt: skip
def test_a_spreadsheets_own_ways_are_read_and_said(
    tmp_path: Path, name: str, data: bytes, said: str
) -> None:
    corpus = read_corpus(folder(tmp_path, data, name=name), "folder")

    np.testing.assert_array_equal(column(corpus, "AU06"), [0, 2, NAN])
    np.testing.assert_array_equal(column(corpus, "AU12"), [2.5, 0.75, 5])
    assert said in corpus.notes[0]
    assert "Decimals are written with commas." in corpus.notes


def test_the_line_that_names_the_separator_counts_as_one(tmp_path: Path) -> None:
    table = "sep=,\nfile,subject,AU12\n0.png,ann,1\n1.png,ann,7\n"
    with pytest.raises(CorpusError, match="AU12 is 7") as caught:
        read_corpus(folder(tmp_path, table), "folder")
    assert caught.value.line == 4


def test_text_in_latin_1_names_files_and_people(tmp_path: Path) -> None:
    builders.write_picture(tmp_path / "Zoë.png", 0)
    (tmp_path / "labels.csv").write_bytes("file,subject,AU12\nZoë.png,Zoë,2\n".encode("latin-1"))
    corpus = read_corpus(tmp_path, "folder")

    assert corpus.table.subjects == ("Zoë",)
    assert "text in Windows-1252 (Latin-1)" in corpus.notes[0]


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"PK\3\4\x14\0\6\0", "is a workbook, not text: save the sheet as CSV"),
        (b"file,subject,AU12\n\0\0\0,ann,1\n", "is not text"),
        (b"file,subject,smile\n0.png,ann,1\n", "its columns are file, subject, smile"),
        (b"file,subject,AU12\n0.png,ann,2,5\n", "decimals with commas need semicolons"),
        (b"name,AU12\n0.png,1\n", "needs the columns file and subject; has name, AU12"),
        (b"file,file,subject,AU12\n0.png,0.png,ann,1\n", "has two columns file"),
    ],
)
def test_what_is_no_table_says_why(tmp_path: Path, data: bytes, reason: str) -> None:
    with pytest.raises(CorpusError, match=reason):
        read_corpus(folder(tmp_path, data), "folder")


def test_a_workbook_beside_nothing_is_told(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"labels\.xlsx, a workbook: save its sheet as labels"):
        read_corpus(folder(tmp_path, b"PK\3\4", name="labels.xlsx"), "folder")


@pytest.mark.parametrize("word", ["", "NaN", "NA", "na", "null", "NULL", "N/A", "#N/A", "None"])
def test_words_for_nothing_are_missing(tmp_path: Path, word: str) -> None:
    corpus = read_corpus(folder(tmp_path, rows("AU12", "2", word, "0"), 3), "folder")

    # a frame in which nothing is coded is left out, and told
    assert column(corpus, "AU12") == [2, 0]
    assert "1 frame was left out: no AU is coded there." in corpus.notes
    assert any(f"{word} in 1" in note for note in corpus.notes) == bool(word)


def test_codes_for_missing_are_those_that_are_named(tmp_path: Path) -> None:
    table = rows("AU06,AU12", "9,2", "1,-1", "x,999.0")
    root = folder(tmp_path, table)
    corpus = read_corpus(root, "folder", ReadOptions(missing=("9", "-1", "999", "X")))

    np.testing.assert_array_equal(column(corpus, "AU06"), [NAN, 1])
    np.testing.assert_array_equal(column(corpus, "AU12"), [2, NAN])
    assert "Cells read as missing: -1 in 1, 9 in 1, 999.0 in 1, x in 1." in corpus.notes
    with pytest.raises(CorpusError, match="if 9 stands for a missing one, name it") as caught:
        read_corpus(folder(tmp_path, rows("AU06", "9", "2", "2")), "folder")
    assert caught.value.line == 2


def test_codes_for_missing_go_for_the_files_of_other_corpora_too(tmp_path: Path) -> None:
    builders.write_disfa(tmp_path)
    for subject in ("SN001", "SN002"):
        builders.write_codes(
            tmp_path / "ActionUnit_Labels" / subject / f"{subject}_au12.txt", 1, [0, 999, 9, 1]
        )
    corpus = read_corpus(tmp_path, "disfa", ReadOptions(missing=("999",)))

    np.testing.assert_array_equal(column(corpus, "AU12"), [0, NAN, NAN, 1] * 2)
    with pytest.raises(CorpusError, match="999 is no intensity: 0 to 5, or 9 for missing"):
        read_corpus(tmp_path, "disfa")


def test_openface_columns_are_intensity_and_presence(tmp_path: Path) -> None:
    table = rows(
        "gaze_0_x,AU12_r,AU12_c,AU45_r,AU45_c,AU28_c,AU07_c,p_0,p_1,p_2,p_3,p_4",
        "0.1,0.4,1,1.5,1,0,1,1,2,3,4,5",
        "0.1,3.2,1,0,0,0,0,1,2,3,4,5",
        "0.1,,1,0,0,0,0,1,2,3,4,5",
    )
    corpus = read_corpus(folder(tmp_path, table), "folder")

    np.testing.assert_array_equal(column(corpus, "AU12"), [0.4, 3.2, NAN])
    assert column(corpus, "AU43") == [1.5, 0, 0]
    assert presence(corpus, "AU12") == [0, 1, 1]  # by intensity, where there is one
    assert presence(corpus, "AU07") == [1, 0, 0]
    assert corpus.notes == (
        "AU45_r (blink) was read as AU43 (eyes closed).",
        "AU45_c (blink) was read as AU43 (eyes closed).",
        "Presence follows from intensity, so these columns are used only where their AU's "
        "intensity is missing: AU12_c, AU45_c.",
        "These columns tell presence alone, no intensity: AU07_c.",
        "Columns left out, of no AU that Facsimile draws: AU28_c.",
        "Columns left out, not labels of AUs: gaze_0_x, p_0 to p_4 (5 columns).",
    )


def test_libreface_columns_without_the_word_intensity_are_presence(tmp_path: Path) -> None:
    table = rows("au_12_intensity,au_12,au_7", "0.3,0,1", "0.9,1,0", "0.5,1,0")
    corpus = read_corpus(folder(tmp_path, table), "folder")

    assert column(corpus, "AU12") == [0.3, 0.9, 0.5]  # its name says that they go to 5
    assert presence(corpus, "AU12") == [0, 1, 1]  # by intensity, from .5 on
    assert presence(corpus, "AU07") == [1, 0, 0]


def test_sides_and_both_names_for_closed_eyes_are_named(tmp_path: Path) -> None:
    table = rows("AU12L,AU12R,AU10_L,AU10_R,AU43,AU45,AU6", "1,2,1,2,0,5,1", "1,2,1,2,0,5,2", "")
    table = table.rsplit("\n", 2)[0] + "\n"
    corpus = read_corpus(folder(tmp_path, table, 2), "folder")

    assert column(corpus, "AU06") == [1, 2]
    assert column(corpus, "AU43") == [0, 0]
    assert corpus.table.coded_aus == ("AU06", "AU43")
    assert corpus.notes == (
        "Columns left out, AU43 is there, and AU45 is the same of short duration: AU45.",
        "Columns left out, of one side of the face alone: AU12L, AU12R, AU10_L, AU10_R.",
    )


PY_FEAT = rows("AU01,AU12", "0.02,0.93", "0.5,0.25", "0.125,0")


def test_parts_of_one_are_asked_about_and_not_guessed(tmp_path: Path) -> None:
    root = folder(tmp_path, PY_FEAT)
    with pytest.raises(ScaleUnknownError, match=r"go from 0 to 0\.93 \(AU12 in line 2\)") as caught:
        read_corpus(root, "folder")
    assert "0-1" in caught.value.reason
    assert "0-5" in caught.value.reason

    np.testing.assert_allclose(
        column(read_corpus(root, "folder", ReadOptions(scale="0-1")), "AU12"), [4.65, 1.25, 0]
    )
    as_they_are = read_corpus(root, "folder", ReadOptions(scale="0-5"))
    np.testing.assert_allclose(column(as_they_are, "AU12"), [0.93, 0.25, 0], atol=1e-4)


def test_percentages_are_asked_about_and_not_guessed(tmp_path: Path) -> None:
    root = folder(tmp_path, rows("AU12", "0", "37.5", "100"))
    with pytest.raises(ScaleUnknownError, match=r"AU12 is 37\.5.*0-100") as caught:
        read_corpus(root, "folder")
    assert caught.value.line == 3
    corpus = read_corpus(root, "folder", ReadOptions(scale="0-100"))
    assert column(corpus, "AU12") == [0, 1.875, 5]


def test_presence_is_no_intensity(tmp_path: Path) -> None:
    root = folder(tmp_path, rows("AU12,AU06", "0,1", "1,0", "1,1"))
    guessed = read_corpus(root, "folder")
    assert column(guessed, "AU12") == [0, 1, 1]
    assert any("say so with the option scale, presence" in note for note in guessed.notes)

    told = read_corpus(root, "folder", ReadOptions(scale="presence"))
    assert told.table.coded_aus == ()
    assert presence(told, "AU12") == [0, 1, 1]
    assert told.notes == ("These columns tell presence alone, no intensity: AU12, AU06.",)
    with pytest.raises(CorpusError, match=r"AU12 is 0\.5; presence is 0 or 1"):
        read_corpus(
            folder(tmp_path, rows("AU12", "0.5", "0", "1")),
            "folder",
            ReadOptions(scale="presence"),
        )


def test_letters_leave_no_doubt_about_the_scale(tmp_path: Path) -> None:
    corpus = read_corpus(folder(tmp_path, rows("AU12,AU06", "A,0.5", "0,0", "0,1")), "folder")
    assert column(corpus, "AU12") == [1, 0, 0]


def test_a_stated_scale_is_held_to(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"AU12 is 3; .* 0 to 1 with the scale 0-1") as caught:
        read_corpus(
            folder(tmp_path, rows("AU12", "1", "3", "0")), "folder", ReadOptions(scale="0-1")
        )
    assert caught.value.line == 3


def test_names_as_other_systems_write_them(tmp_path: Path) -> None:
    for number, place in enumerate(("a/0.JPG", "a/1.jpg", "B/Zoe\u0308.png")):
        builders.write_picture(tmp_path / place, number)
    builders.write_text(
        tmp_path / "labels.csv",
        "File,Subject,AU12\n.\\a\\0.jpg,ann,0\n./a/1.JPG,ann,1\nb/Zo\u00eb.png,bob,2\n",
    )
    corpus = read_corpus(tmp_path, "folder")

    assert sorted(path.relative_to(tmp_path).as_posix() for path in corpus.files()) == [
        "B/Zoe\u0308.png",
        "a/0.JPG",
        "a/1.jpg",
    ]
    numbers = [builders.number_of(rgb) for _, rgb in corpus.pixels() if isinstance(rgb, np.ndarray)]
    assert numbers == [0, 1, 2]
    assert column(corpus, "AU12") == [0, 1, 2]


def test_a_name_that_may_be_two_files_is_refused(tmp_path: Path) -> None:
    root = folder(tmp_path, "file,subject,AU12\nA.png,ann,1\na.PNG,ann,2\n", 0)
    for number, name in enumerate(("a.png", "A.png")):
        builders.write_picture(tmp_path / name, number)
    with pytest.raises(CorpusError, match=r"'a\.PNG' may be A\.png or a\.png"):
        read_corpus(root, "folder")


@pytest.mark.parametrize(
    ("table", "line", "reason"),
    [
        ("0.png,ann,1,\n1.png,ann,,2\n./0.png,ann,4,\n", 4,
         "of the same file as line 2 and contradicts it: AU06 is 1 there and 4 here"),
        ("0.png,ann,1,\n0.PNG,bob,1,\n", 3, "shows ann and not bob"),
    ],
)  # fmt: skip
def test_rows_that_contradict_each_other_are_refused(
    tmp_path: Path, table: str, line: int, reason: str
) -> None:
    root = folder(tmp_path, f"file,subject,AU06,AU12\n{table}")
    with pytest.raises(CorpusError, match=reason) as caught:
        read_corpus(root, "folder")
    assert caught.value.line == line


def test_rows_of_one_video_frame_that_contradict_each_other_are_refused(tmp_path: Path) -> None:
    builders.write_video(tmp_path / "a.avi", range(4), "MJPG")
    builders.write_text(
        tmp_path / "labels.csv", "file,frame,subject,AU12\na.avi,2,ann,1\na.avi,2,ann,2\n"
    )
    with pytest.raises(CorpusError, match="of the same frame as line 2 and contradicts it: AU12"):
        read_corpus(tmp_path, "folder")


def test_rows_that_agree_are_one_frame(tmp_path: Path) -> None:
    table = "file,subject,AU06,AU12\n0.png,ann,1,\n0.png,ann,,2\n0.png,ann,1,2\n1.png,ann,0,0\n"
    corpus = read_corpus(folder(tmp_path, table), "folder")

    assert (column(corpus, "AU06"), column(corpus, "AU12")) == ([1, 0], [2, 0])
    assert "2 rows say the same of a frame as another row; it counts once." in corpus.notes


def test_a_video_without_a_column_of_frames_is_told(tmp_path: Path) -> None:
    builders.write_video(tmp_path / "a.avi", range(4), "MJPG")
    builders.write_text(tmp_path / "labels.csv", "file,subject,AU12\na.avi,ann,1\n")
    with pytest.raises(CorpusError, match=r"a\.avi is a video, so a column frame has to tell"):
        read_corpus(tmp_path, "folder")


def test_a_frame_number_beside_a_picture_makes_it_no_video(tmp_path: Path) -> None:
    table = "input,frame,subject,AU12\n0.png,0,ann,1\n1.png,1,ann,2\n"
    assert column(read_corpus(folder(tmp_path, table), "folder"), "AU12") == [1, 2]


def test_a_parquet_table_beside_one_of_text_is_told(tmp_path: Path) -> None:
    root = folder(tmp_path, rows("AU12", "0", "0", "0"))
    cells = {"file": ["0.png"], "subject": [7], "AU12": ["B"]}
    pq.write_table(pa.table(cells), root / "labels.parquet")
    corpus = read_corpus(root, "folder")

    assert (column(corpus, "AU12"), corpus.table.subjects) == ([2], ("7",))
    assert corpus.notes == ("labels.parquet was read, and not labels.csv beside it.",)


@pytest.mark.parametrize(
    ("layout", "options", "field"),
    [
        ("bp4d", ReadOptions(views=(1,)), "views"),
        ("fera2017", ReadOptions(views=(10,)), "views"),
        ("folder", ReadOptions(cameras=("left",)), "cameras"),
        ("folder", ReadOptions(min_confidence=0.5), "min_confidence"),
        ("openface", ReadOptions(min_confidence=80), "min_confidence"),
        ("unbc", ReadOptions(missing=("9",)), "missing"),
        ("disfa", ReadOptions(scale="0-1"), "scale"),
        ("folder", ReadOptions(scale="0-10"), "scale"),  # type: ignore[arg-type]
    ],
)
def test_options_that_make_no_sense_are_refused(
    tmp_path: Path, layout: str, options: ReadOptions, field: str
) -> None:
    with pytest.raises(ReadOptionError, match=field) as caught:
        read_corpus(tmp_path, layout, options)  # type: ignore[arg-type]
    assert caught.value.field == field


def _outward(root: Path) -> None:
    (root.parent / "disk").mkdir()
    (root / "pictures").rename(root.parent / "disk" / "pictures")
    (root / "pictures").symlink_to(root.parent / "disk" / "pictures")


def _inward(root: Path) -> None:
    (root / "pictures").rename(root / "disk")
    (root / "pictures").symlink_to("disk")


def _circle(root: Path) -> None:
    (root / "pictures" / "up").symlink_to(root)


@pytest.mark.parametrize("link", [_inward, _circle])
def test_links_inside_a_corpus_are_followed(tmp_path: Path, link: Callable[[Path], None]) -> None:
    builders.write_folder(tmp_path / "corpus")
    link(tmp_path / "corpus")
    assert len(read_corpus(tmp_path / "corpus", "folder")) == 3


def test_links_lead_as_far_as_the_boundary(tmp_path: Path) -> None:
    root = tmp_path / "corpora" / "mine"
    builders.write_folder(root)
    _outward(root)

    with pytest.raises(CorpusError, match="is a link that leads out of where corpora may lie"):
        read_corpus(root, "folder")
    for boundary in (tmp_path / "corpora", Path("/")):
        corpus = read_corpus(root, "folder", ReadOptions(boundary=boundary))
        assert [builders.number_of(rgb) for _, rgb in corpus.pixels()  # type: ignore[arg-type]
                ] == [0, 1, 2]  # fmt: skip
    with pytest.raises(CorpusError, match="leads out"):
        read_corpus(root, "folder", ReadOptions(boundary=root / "pictures"))


def test_a_corpus_of_links_to_another_disk_is_read_where_that_is_allowed(tmp_path: Path) -> None:
    builders.write_disfa(tmp_path / "disk")
    corpus = tmp_path / "disfa"
    corpus.mkdir()
    for name in ("Videos_LeftCamera", "ActionUnit_Labels"):
        (corpus / name).symlink_to(tmp_path / "disk" / name)

    assert len(read_corpus(corpus, "disfa", ReadOptions(boundary=Path("/")))) == 8
    with pytest.raises(CorpusError, match="leads out"):
        read_corpus(corpus, "disfa")
