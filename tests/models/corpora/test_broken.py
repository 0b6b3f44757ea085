"""Broken corpora are refused with the file and the line that are wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from models.corpora.corpus import Layout
from models.corpora.errors import CorpusError
from models.corpora.registry import READERS, read_corpus
from tests.models.corpora import builders

FACS = "Frame_Labels/FACS/042-ll042/ll042t1aaaff"

CASES: list[tuple[Layout, str, int, Callable[[str], str], str]] = [
    ("fera2017", "int/FERA17_TR_F001_T1_AU01_Int.csv", 3,
     lambda text: text.replace("3,5", "3,7"), "7 is no intensity"),
    ("fera2017", "occ/FERA17_TR_F001_T1.csv", 1,
     lambda text: text.replace("0,1,7", "0,x,7"), "'x' in the header"),
    ("fera2017", "occ/FERA17_TR_F001_T1.csv", 4,
     lambda text: text.replace("3,1,9,0,5", "3,1,9,3,5"), "3 is no occurrence"),
    ("bp4d", "AUCoding/AU_INT/AU06/F001_T1_AU06.csv", 2,
     lambda text: text.replace("2441,2", "2441,two"), "not a row of numbers"),
    ("bp4d", "AUCoding/AU_INT/AU06/F001_T1_AU06.csv", 3,
     lambda text: text.replace("2442", "2441"), "frame 2441 comes after frame 2441"),
    ("disfa", "ActionUnit_Labels/SN001/SN001_au1.txt", 4,
     lambda text: text.replace("4,3", "4;3"), "1 columns where 2"),
    ("disfa", "ActionUnit_Labels/SN001/SN001_au1.txt", 1,
     lambda text: text.replace("1,0", "nan,0"), "nan is no frame number"),
    ("disfa", "ActionUnit_Labels/SN002/SN002_au12.txt", 5,
     lambda text: "".join(f"{n},0\n" for n in range(1, 20)), "frame 5 is not in the video"),
    ("unbc", f"{FACS}/ll042t1aaaff002_facs.txt", 2,
     lambda text: text.replace("1.0000000e+00", "9.0000000e+00"), "9 is no intensity"),
    ("unbc", f"{FACS}/ll042t1aaaff003_facs.txt", 1,
     lambda text: "27.5 1 0 0\n", "27.5 is no AU number"),
    ("folder", "labels.csv", 3,
     lambda text: text.replace("pictures/1.png", "../1.png"), "no file '../1.png'"),
    ("folder", "labels.csv", 2,
     lambda text: text.replace("0,C,1", "0,F,1"), "AU12 must be a letter"),
    ("folder", "labels.csv", 4,
     lambda text: text.replace("bob", " "), "names no subject"),
    ("folder", "labels.csv", 3,
     lambda text: text.replace("2.5,,1", "2.5,1"), "4 columns where the header has 5"),
    ("folder", "labels.csv", 1,
     lambda text: text.replace("AU6", "AU012"), "two columns for AU12"),
]  # fmt: skip


@pytest.mark.parametrize(("layout", "file", "line", "breakage", "reason"), CASES)
def test_the_file_and_line_are_named(
    tmp_path: Path,
    layout: Layout,
    file: str,
    line: int,
    breakage: Callable[[str], str],
    reason: str,
) -> None:
    write = {
        "fera2017": builders.write_fera,
        "bp4d": builders.write_bp4d,
        "disfa": builders.write_disfa,
        "unbc": builders.write_unbc,
        "folder": builders.write_folder,
    }[layout]
    write(tmp_path)
    path = tmp_path / file
    whole = path.read_text()
    broken = breakage(whole)
    assert broken != whole
    path.write_text(broken)

    with pytest.raises(CorpusError, match=reason) as caught:
        read_corpus(tmp_path, layout)
    assert caught.value.path == path
    assert caught.value.line == line
    assert f"{path}, line {line}: " in str(caught.value)


@pytest.mark.parametrize("layout", list(READERS))
def test_an_empty_folder_is_no_corpus(tmp_path: Path, layout: Layout) -> None:
    with pytest.raises(CorpusError, match="holds n"):
        read_corpus(tmp_path, layout)


@pytest.mark.parametrize("layout", list(READERS))
def test_no_folder_is_no_corpus(tmp_path: Path, layout: Layout) -> None:
    with pytest.raises(CorpusError, match="is not a folder"):
        read_corpus(tmp_path / "nowhere", layout)


def test_label_files_that_are_no_text_name_the_line(tmp_path: Path) -> None:
    builders.write_disfa(tmp_path)
    path = tmp_path / "ActionUnit_Labels" / "SN001" / "SN001_au1.txt"
    path.write_bytes(b"1,0\n2,\xff\n")

    with pytest.raises(CorpusError, match="is not text") as caught:
        read_corpus(tmp_path, "disfa")
    assert caught.value.line == 2


def test_a_corpus_without_any_label_is_refused(tmp_path: Path) -> None:
    builders.write_picture(tmp_path / "0.png", 0)
    builders.write_text(tmp_path / "labels.csv", "file,subject,AU12\n0.png,ann,\n")

    with pytest.raises(CorpusError, match="no frame has an AU label"):
        read_corpus(tmp_path, "folder")


def test_a_subject_in_two_splits_is_refused(tmp_path: Path) -> None:
    for number in range(2):
        builders.write_picture(tmp_path / f"{number}" / "a.png", number)
    builders.write_text(
        tmp_path / "labels.csv",
        "file,subject,AU12,split\n0/a.png,ann,1,train\n1/a.png,ann,1,test\n",
    )

    with pytest.raises(CorpusError, match="ann is in more than one split") as caught:
        read_corpus(tmp_path, "folder")
    assert caught.value.line == 3


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    root = tmp_path / "corpus"
    builders.write_folder(root)
    builders.write_picture(tmp_path / "secret.png", 7)
    (root / "pictures" / "1.png").unlink()
    (root / "pictures" / "1.png").symlink_to(tmp_path / "secret.png")

    with pytest.raises(CorpusError, match="leads out"):
        read_corpus(root, "folder")


@pytest.mark.parametrize(
    ("layout", "file", "reason"),
    [
        (
            "fera2017",
            "int/FERA17_TR_F001_T1_AU01_Int.csv",
            "contradicts int/FERA17_TR_F001_T1_AU01",
        ),
        ("fera2017", "occ/FERA17_TR_F001_T1.csv", "is not the same as occ/FERA17_TR_F001_T1"),
        ("fera2017", "TR/FERA17_TR_F001_T1_6.mp4", "is not the same as TR/FERA17_TR_F001_T1_6"),
        ("bp4d", "AUCoding/AU_INT/AU06/F001_T1_AU06.csv", "contradicts AU06/F001_T1_AU06"),
        ("disfa", "ActionUnit_Labels/SN001/SN001_au1.txt", "contradicts SN001/SN001_au1"),
    ],
)
def test_a_second_file_of_one_name_is_a_copy_or_refused(
    tmp_path: Path, layout: Layout, file: str, reason: str
) -> None:
    {
        "fera2017": builders.write_fera,
        "bp4d": builders.write_bp4d,
        "disfa": builders.write_disfa,
    }[layout](tmp_path)
    frames = len(read_corpus(tmp_path, layout))
    second = tmp_path / "z" / Path(file).name
    second.parent.mkdir()
    data = (tmp_path / file).read_bytes()
    second.write_bytes(data)
    assert len(read_corpus(tmp_path, layout)) == frames
    # the last label, or the last byte of a video
    second.write_bytes(data[:-2] + b"4\n" if second.suffix != ".mp4" else data[:-1])
    with pytest.raises(CorpusError, match=reason) as caught:
        read_corpus(tmp_path, layout)
    assert caught.value.path == second
