"""``facsimile character``."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from models.characters.cast import CAST
from models.images import read_mark
from tests.service.cli.conftest import Facsimile


def test_somebody_is_drawn(facsimile: Facsimile, tmp_path: Path) -> None:
    listed = facsimile("character", "list")
    assert listed.returncode == 0, listed.stderr
    assert [line.split(" ")[0] for line in listed.stdout.splitlines()[2:]] == list(CAST)
    done = facsimile("character", "draw", "otto", "--au", "AU12=D", "--yaw", "15", "--size", "128")
    assert done.returncode == 0, done.stderr
    path = tmp_path / "otto.png"
    with Image.open(path) as picture:
        assert picture.size == (128, 128)
    mark = read_mark(path.read_bytes())
    assert mark is not None
    assert mark.target == {"AU12": 4.0}


def test_what_cannot_be_drawn_is_a_sentence(facsimile: Facsimile, tmp_path: Path) -> None:
    for arguments, told in (
        (["nobody"], "There is no character 'nobody'; there are juno"),
        (["otto", "--au", "AU12=Z"], "AU12"),
        (["otto", "--size", "20"], "64 to 1,024 pixels"),
        (["otto", "--yaw", "100"], "up to 90 degrees"),
    ):
        done = facsimile("character", "draw", *arguments)
        assert done.returncode == 1, done.stdout
        assert told in done.stderr.replace("\n", " ")
    assert list(tmp_path.iterdir()) == []
