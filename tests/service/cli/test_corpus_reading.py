"""``facsimile corpus``: what is said of a folder, and what of it is uploaded."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from service.cli.corpus import _zip
from service.cli.corpus_options import read_folder, read_options
from tests.models.corpora import builders
from tests.service.cli.conftest import Facsimile
from tests.support.small_corpora import face

PARTS = "file;subject;AU12;AU27;mood\na.jpg;ann;0,25;1;good\nb.jpg;bob;0,5;-9;good\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for number, name in enumerate(("a.jpg", "b.jpg")):
        (tmp_path / name).write_bytes(face(number))
    (tmp_path / "labels.csv").write_text(PARTS)
    return tmp_path


def test_a_scale_is_asked_for_by_the_name_it_has_here(facsimile: Facsimile, folder: Path) -> None:
    for command in (("describe", folder), ("import", folder, "--url", "http://127.0.0.1:9")):
        done = facsimile("corpus", *command)
        assert done.returncode == 1
        assert "labels.csv: the intensities go from 0.25 to 0.5" in done.stderr
        assert "Say with --scale whether 1 is the highest, 0-1, or" in done.stderr


def test_brackets_in_names_are_printed_as_they_are(facsimile: Facsimile, folder: Path) -> None:
    named = folder / "faces [v2]"
    named.mkdir()
    for name in ("a.jpg", "b.jpg"):
        (folder / name).rename(named / name)
    (named / "labels.csv").write_text(PARTS.replace("mood", "mood [/b]"))
    done = facsimile("corpus", "describe", named, "--scale", "0-1", COLUMNS="200")
    assert done.returncode == 0, done.stderr
    assert "faces [v2] (folder): 2 frames" in done.stdout
    assert "not labels of AUs: mood [/b]." in done.stdout


def test_everything_left_out_is_named(facsimile: Facsimile, folder: Path) -> None:
    done = facsimile("corpus", "describe", folder, "--scale", "0-1", COLUMNS="200")
    assert done.returncode == 0, done.stderr
    assert "2 frames of 2 people in 2 sequences" in done.stdout
    for note in (
        "Note: The table is separated by semicolons.",
        "Note: Columns left out, of no AU that Facsimile draws: AU27.",
        "Note: Columns left out, not labels of AUs: mood.",
        "Note: Decimals are written with commas.",
    ):
        assert note in done.stdout


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--view", "6"), "--view: views goes with a corpus of the layout fera2017"),
        (("--camera", "left"), "--camera: cameras goes with"),
        (("--scale", "0-10"), "--scale: scale is one of 0-5, 0-1, 0-100, presence."),
        (("--layout", "openface", "--min-confidence", "80"), "--min-confidence: min_confidence is"),
    ],
)
def test_options_that_make_no_sense_end_in_a_sentence(
    facsimile: Facsimile, folder: Path, options: tuple[str, ...], told: str
) -> None:
    done = facsimile("corpus", "describe", folder, *options)
    assert done.returncode == 1
    assert told in done.stderr


def test_how_an_imported_corpus_was_read_cannot_be_said_later(facsimile: Facsimile) -> None:
    corpus = "019e6f1d-0a10-7c44-9b1e-7a3d5e8f9012"
    done = facsimile("corpus", "describe", corpus, "--missing", "-1")
    assert done.returncode == 1
    assert "An imported corpus is read already: import it again to say how." in done.stderr


def test_what_is_read_is_uploaded_and_nothing_else(tmp_path: Path) -> None:
    builders.write_disfa(tmp_path / "disk")
    corpus = tmp_path / "disfa"
    corpus.mkdir()
    for name in os.listdir(tmp_path / "disk"):
        (corpus / name).symlink_to(tmp_path / "disk" / name)
    options = read_options("disfa", None, None, None, ["right"], None)
    found = read_folder(corpus, "disfa", options)
    _zip(found, tmp_path / "corpus.zip")

    with zipfile.ZipFile(tmp_path / "corpus.zip") as archive:
        assert sorted(archive.namelist()) == [
            *(
                f"ActionUnit_Labels/{subject}/{subject}_{au}.txt"
                for subject in ("SN001", "SN002")
                for au in ("au1", "au12")
            ),
            "Video_RightCamera/RightVideoSN001_Comp.avi",
        ]
        packed = archive.read("Video_RightCamera/RightVideoSN001_Comp.avi")
    real = tmp_path / "disk" / "Video_RightCamera" / "RightVideoSN001_Comp.avi"
    assert packed == real.read_bytes()
