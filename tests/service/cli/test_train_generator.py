"""``facsimile train-generator``."""

from __future__ import annotations

from pathlib import Path

import pytest

from models.checkpoints import read_checkpoint
from tests.service.cli.conftest import Facsimile
from tests.support.needs import needs_torch
from tests.support.pictures import encoded, portrait_image

pytestmark = needs_torch
TINY = ("--size", 16, "--channels", 16, "--blocks", 0, "--batch", 2, "--float32")


def test_photos_in_folders_train_a_generator(facsimile: Facsimile, tmp_path: Path) -> None:
    for person, name, quality in (("ann", "smile", 90), ("ann", "Neutral 2", 91), ("", "ben", 92)):
        path = tmp_path / "photos" / person / f"{name}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded(portrait_image(), "JPEG", quality=quality))
    (tmp_path / "photos" / "ann" / "notes.txt").write_text("no photo")
    options = ("--au", "AU12", "--au", "AU06L", "--drawings", 2, "--steps", 5)
    done = facsimile("train-generator", "photos", "--out", "made", *options, *TINY)
    assert done.returncode == 0, done.stderr
    assert "generator identity" in done.stdout
    config = read_checkpoint(tmp_path / "made" / "generator").config
    assert (config["kind"], config["aus"]) == ("ganimation", ["AU12", "AU06L"])
    assert not (tmp_path / "made" / "state.safetensors").exists()
    left = {path.name for path in (tmp_path / "made").iterdir()}
    assert left == {"generator", "expressions", "log.csv", "losses.png", "samples"}
    assert [sheet.name for sheet in (tmp_path / "made" / "samples").iterdir()] == ["00000005.png"]
    again = facsimile("train-generator", "photos", "--out", "made", *options, *TINY)
    assert again.returncode == 1
    assert "trained already" in again.stderr.replace("\n", " ")


def test_a_dataset_trains_a_generator_for_the_aus_it_codes(
    facsimile: Facsimile, tmp_path: Path
) -> None:
    from tests.support.datasets import write_bright_faces

    write_bright_faces(tmp_path / "set.zip", people=2, each=6)
    command = ("train-generator", "set.zip", "--out", "made", "--kind", "stargan", *TINY)
    done = facsimile(*command, "--steps", 5)
    assert done.returncode == 0, done.stderr
    config = read_checkpoint(tmp_path / "made" / "generator").config
    assert (config["kind"], "AU12" in config["aus"]) == ("stargan", True)
    assert "AU06" not in config["aus"]  # never coded


def test_one_of_several_processes_is_refused(facsimile: Facsimile, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    command = ("train-generator", "photos", "--out", "made")
    done = facsimile(*command, TORCHELASTIC_RUN_ID="1")
    assert done.returncode == 1
    assert "one process" in done.stderr
    assert not (tmp_path / "made").exists()


def test_a_folder_that_cannot_be_made_is_a_sentence(facsimile: Facsimile, tmp_path: Path) -> None:
    (tmp_path / "photos" / "prepared").mkdir(parents=True)
    (tmp_path / "made").write_text("a file")
    done = facsimile("train-generator", "photos", "--out", "made", "--steps", 1)
    assert done.returncode == 1
    assert "cannot be written to" in done.stderr.replace("\n", " ")
    facsimile("train-generator", "photos", "--out", "photos", "--steps", 1)
    assert (tmp_path / "photos" / "prepared").is_dir()  # somebody's own stays


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nowhere",), "neither a file nor a folder"),
        (("photos", "--au", "AU99"), "AU99"),
        (("photos", "--size", "30"), "multiple of 4"),
        (("photos",), "no photos"),
        (("no.zip",), "neither a folder"),
    ],
    ids=["source", "au", "size", "empty", "zip"],
)
def test_what_cannot_be_trained_is_a_sentence(
    facsimile: Facsimile, tmp_path: Path, arguments: tuple[str, ...], told: str
) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "no.zip").write_bytes(b"no zip")
    done = facsimile("train-generator", *arguments, "--out", "made", "--steps", 1)
    assert done.returncode == 1
    assert told in done.stderr.replace("\n", " ")
