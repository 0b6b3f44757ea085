"""The table of a folder of portraits."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from benchmarks import wild
from benchmarks.portraits import portraits
from models.estimators.reader import Reader
from models.estimators.shipped import shipped_checkpoint


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four variants of the portrait, a picture without a face, and a text."""
    for number, picture in enumerate(portraits(4, None)):
        picture.save(tmp_path / f"{number}.jpg", quality=95)
    picture.resize((64, 64)).crop((0, 40, 24, 64)).resize((200, 200)).save(tmp_path / "none.jpg")
    (tmp_path / "notes.txt").write_text("not a photo")
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return tmp_path


def test_a_folder_is_read(folder: Path) -> None:
    read = wild.read_portraits(folder, Reader(shipped_checkpoint("compact"), 1))
    assert read.names == ("0.jpg", "1.jpg", "2.jpg", "3.jpg")
    assert read.faceless == ("broken.png", "none.jpg")
    assert read.read.shape == read.mirrored.shape == read.poor.shape == (4, 18)
    smile = read.aus.index("AU12")
    assert (read.read[:, smile] > 1).all()
    assert (read.units["AU12"] > 0.5).all()
    # 1 is the mirror image of 0
    assert read.read[1] == pytest.approx(read.mirrored[0], abs=0.2)
    assert read.gaze[0, 0] == pytest.approx(-read.gaze[1, 0], abs=5)
    lines = wild.table(read)
    assert lines[0] == "4 portraits; no face in 2: broken.png, none.jpg."
    assert next(line for line in lines if "AU05" in line).split(" | ")[1] == "not seen"


def test_the_command_writes_every_reading(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out.csv"
    monkeypatch.setattr("sys.argv", ["wild", "--portraits", str(folder), "--csv", str(out)])
    wild.main()
    assert "| AU12 |" in capsys.readouterr().out
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows] == ["0.jpg", "1.jpg", "2.jpg", "3.jpg"]
    assert float(rows[0]["AU12_blendshapes"]) > 0.5
    assert abs(float(rows[0]["gaze_yaw"])) < 60


def test_a_folder_without_faces_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in (tmp_path, tmp_path / "none"):
        monkeypatch.setattr("sys.argv", ["wild", "--portraits", str(folder)])
        with pytest.raises(SystemExit, match=r"no folder|no photo in which a face"):
            wild.main()


def test_an_unknown_model_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["wild", "--portraits", str(folder), "--model", "nobody"])
    with pytest.raises(SystemExit, match="no model 'nobody'"):
        wild.main()


def test_intervals_hold_the_correlation_and_constants_have_none() -> None:
    rng = np.random.default_rng(3)
    one = rng.normal(size=200).astype(np.float32)
    other = (one + rng.normal(size=200)).astype(np.float32)
    low, high = wild.interval(one, other)
    # a normal pair with correlation 1 / sqrt 2 has rank correlation 6 / pi asin(r / 2) = .69
    assert low < 0.69 < high
    assert 0.05 < high - low < 0.25
    assert np.isnan(wild.interval(one, np.ones(200, np.float32))).all()
