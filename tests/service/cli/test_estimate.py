"""``facsimile estimate``: what people send, and what they are told."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest

from models.facs import SUPPORTED_AUS
from models.images import encode_png
from tests.service.cli.conftest import Facsimile
from tests.support.faces import astronaut, registrar
from tests.support.hidden import with_glasses
from tests.support.pictures import no_face, portrait_image, small_portrait
from tests.support.videos import smiling_and_calm, write_video


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_photos_are_estimated_into_a_table(
    facsimile: Facsimile, portrait: Path, tmp_path: Path
) -> None:
    garden = tmp_path / "garden.jpg"
    garden.write_bytes(no_face())
    done = facsimile("estimate", portrait, garden, "--out", "tables/aus.csv")
    assert done.returncode == 0, done.stderr
    assert "2 frames, 1 of them with a face." in done.stdout
    first, second = rows_of(tmp_path / "tables" / "aus.csv")
    assert (first["file"], first["frame"], first["success"]) == (str(portrait), "1", "1")
    assert float(first["AU12_r"]) > 2
    assert (second["success"], second["reason"], second["AU12_r"]) == ("0", "no-face", "")
    assert list(first) == [
        "file", "frame", "face_id", "timestamp", "confidence", "success", "reason",
        "quality", "warnings", "x", "y", "w", "h", "gaze_angle_x", "gaze_angle_y",
        "pose_Rx", "pose_Ry", "pose_Rz",
        *(f"{au}_r" for au in SUPPORTED_AUS), *(f"{au}_c" for au in SUPPORTED_AUS),
    ]  # fmt: skip


def test_paths_are_kept_as_they_are_given(facsimile: Facsimile, tmp_path: Path) -> None:
    for folder in ("F001/T1", "F002/T1"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "0001.jpg").write_bytes(small_portrait())
    done = facsimile("estimate", "F001/T1/0001.jpg", "F002/T1/0001.jpg", "--out", "aus.csv")
    assert done.returncode == 0, done.stderr
    assert [row["file"] for row in rows_of(tmp_path / "aus.csv")] == [
        "F001/T1/0001.jpg", "F002/T1/0001.jpg"
    ]  # fmt: skip


def test_a_bad_file_does_not_end_the_others(facsimile: Facsimile, tmp_path: Path) -> None:
    for name, content in (
        ("1_good.jpg", small_portrait()),
        ("2_damaged.jpg", small_portrait()[:3000]),
        ("4_good.jpg", small_portrait()),
    ):
        (tmp_path / name).write_bytes(content)
    files = ["1_good.jpg", "2_damaged.jpg", "3_missing.jpg", "4_good.jpg"]
    done = facsimile("estimate", *files, "--out", "aus.csv")
    assert done.returncode == 1
    assert "facsimile: 2 of 4 files could not be read:\n2_damaged.jpg: The JPEG" in done.stderr
    assert "3_missing.jpg: No such file or directory." in done.stderr
    rows = rows_of(tmp_path / "aus.csv")
    assert [(row["file"], row["success"], row["reason"]) for row in rows] == [
        ("1_good.jpg", "1", ""),
        ("2_damaged.jpg", "0", "truncated-image"),
        ("3_missing.jpg", "0", "unreadable-file"),
        ("4_good.jpg", "1", ""),
    ]
    strict = facsimile("estimate", *files, "--out", "strict.csv", "--strict")
    assert strict.returncode == 1
    assert "2_damaged.jpg: The JPEG" in strict.stderr
    assert "3_missing" not in strict.stderr
    assert not (tmp_path / "strict.csv").exists()


@pytest.mark.skipif(os.name == "nt", reason="file names are of bytes elsewhere")
def test_names_of_any_bytes_are_read_and_written(facsimile: Facsimile, tmp_path: Path) -> None:
    odd = os.fsdecode(b"caf\xe9.jpg")
    (tmp_path / odd).write_bytes(small_portrait())
    (tmp_path / "дом 顔.jpg").write_bytes(small_portrait()[:3000])
    done = facsimile("estimate", odd, "дом 顔.jpg", "--out", "aus.csv")
    assert "дом 顔.jpg: The JPEG" in done.stderr
    assert [row["file"] for row in rows_of(tmp_path / "aus.csv")] == [r"caf\xe9.jpg", "дом 顔.jpg"]


def test_several_faces_are_said_and_one_kept_to(facsimile: Facsimile, tmp_path: Path) -> None:
    pictures = [smiling_and_calm(300, 270), smiling_and_calm(270, 300)]
    write_video(tmp_path / "two.avi", pictures)
    done = facsimile("estimate", "two.avi", "--out", "one.csv")
    assert "Several faces in 2 frames: one is kept to (--all-faces reads them all)." in done.stdout
    assert [row["face_id"] for row in rows_of(tmp_path / "one.csv")] == ["0", "0"]
    every = facsimile("estimate", "two.avi", "--out", "all.csv", "--all-faces")
    assert every.returncode == 0, every.stderr
    rows = rows_of(tmp_path / "all.csv")
    assert [(row["frame"], row["face_id"]) for row in rows] == [
        ("1", "0"), ("1", "1"), ("2", "0"), ("2", "1")
    ]  # fmt: skip
    assert [float(row["x"]) < 320 for row in rows] == [True, False] * 2


def test_a_neutral_photo_calibrates(facsimile: Facsimile, portrait: Path, tmp_path: Path) -> None:
    for name, extra in (("plain.csv", []), ("own.csv", ["--neutral", portrait])):
        done = facsimile("estimate", portrait, *extra, "--out", name)
        assert done.returncode == 0, done.stderr
    plain, own = rows_of(tmp_path / "plain.csv")[0], rows_of(tmp_path / "own.csv")[0]
    assert list(plain)[:2] == ["frame", "face_id"]
    assert float(own["AU25_r"]) != float(plain["AU25_r"])


def test_what_is_too_small_is_said(facsimile: Facsimile, tmp_path: Path) -> None:
    portrait_image(100).save(tmp_path / "tiny.png")
    done = facsimile("estimate", "tiny.png", "--out", "aus.csv")
    assert done.returncode == 0, done.stderr
    assert "1 row with a face of less than 30 pixels across, which is not read." in done.stdout
    [row] = rows_of(tmp_path / "aus.csv")
    assert (row["success"], row["reason"], row["AU12_r"]) == ("0", "face-too-small", "")
    assert 15 < float(row["w"]) < 30


def test_a_cut_video_is_said_to_be_cut(facsimile: Facsimile, tmp_path: Path) -> None:
    whole = write_video(tmp_path / "whole.avi", [smiling_and_calm(300, 270)] * 12).read_bytes()
    (tmp_path / "cut.avi").write_bytes(whole[: len(whole) * 2 // 3])
    done = facsimile("estimate", "cut.avi", "--out", "aus.csv")
    rows = rows_of(tmp_path / "aus.csv")
    assert 3 < len(rows) < 11
    assert f"cut.avi is cut: {len(rows)} of its 12 frames are there." in done.stdout


def test_what_cannot_be_estimated_is_a_sentence(
    facsimile: Facsimile, portrait: Path, tmp_path: Path
) -> None:
    (tmp_path / "notes.mp4").write_bytes(b"no video")
    (tmp_path / "model.zip").write_bytes(b"\x80\x04pickle")
    for arguments, told in (
        (["nowhere.mp4"], "nowhere.mp4: No such file or directory."),
        (["notes.mp4"], "notes.mp4: It is neither a photo nor a video"),
        ([portrait, "--neutral", "notes.mp4"], "notes.mp4: "),
        ([portrait, "--model", "best"], "There is no model 'best'"),
        ([portrait, "--model", "model.zip"], "pickle"),
    ):
        done = facsimile("estimate", *arguments, "--out", "out.csv")
        assert done.returncode == 1
        assert told in done.stderr.replace("\n", " ")
        assert not (tmp_path / "out.csv").exists()


def test_what_hides_a_face_is_said(facsimile: Facsimile, tmp_path: Path) -> None:
    photo, located = astronaut().photo, registrar().find(astronaut().photo)
    hidden = with_glasses(photo, located.mesh, lenses=(20, 20, 20))
    (tmp_path / "dark.png").write_bytes(encode_png(hidden))
    (tmp_path / "bare.png").write_bytes(encode_png(photo))
    done = facsimile("estimate", "dark.png", "bare.png", "--out", "aus.csv")
    assert done.returncode == 0, done.stderr
    assert "Warnings of faces that were read: eyes-hidden 1" in done.stdout
    dark, bare = rows_of(tmp_path / "aus.csv")
    assert "eyes-hidden" in dark["warnings"].split()
    assert bare["warnings"] == ""
    assert float(dark["quality"]) < float(bare["quality"]) <= 1
