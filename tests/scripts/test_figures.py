"""Figures of the pages are known by what they depend on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts.figures.__main__ import ROOT
from scripts.figures.record import Made, changed, files_of, read_record, write_record
from scripts.figures.registry import FIGURES, Figure


@pytest.fixture
def figure(tmp_path: Path) -> Figure:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "draw.py").write_text("one")
    (tmp_path / "models" / "light.py").write_text("two")
    return Figure("docs/x.md", ("-m", "x", "--data", "{data}"), ("models/*.py",))


def test_a_figure_is_stale_when_what_it_hangs_on_changes(figure: Figure, tmp_path: Path) -> None:
    assert changed(figure, None, tmp_path) is None
    made = Made("2026-11-28", "abc1234", files_of(figure, tmp_path))
    write_record(tmp_path, {"x": made})
    again = read_record(tmp_path)["x"]
    assert changed(figure, again, tmp_path) == []
    (tmp_path / "models" / "light.py").write_text("three")
    (tmp_path / "models" / "new.py").write_text("four")
    assert changed(figure, again, tmp_path) == ["models/light.py", "models/new.py"]
    (tmp_path / "models" / "draw.py").unlink()
    assert changed(figure, again, tmp_path) == [
        "models/draw.py",
        "models/light.py",
        "models/new.py",
    ]


def test_a_command_needs_its_folders(figure: Figure) -> None:
    assert figure.arguments({"data": "photos"})[1:] == ["-m", "x", "--data", "photos"]
    with pytest.raises(KeyError, match="data"):
        figure.arguments({})


@pytest.mark.parametrize("name", FIGURES)
def test_the_registry_names_what_is_there(name: str) -> None:
    figure = FIGURES[name]
    assert files_of(figure, ROOT)
    page = (ROOT / figure.page).read_text()
    module = figure.command[1]
    assert (ROOT / f"{module.replace('.', '/')}.py").exists() or (
        ROOT / module.replace(".", "/") / "__main__.py"
    ).exists()
    for picture in figure.pictures:
        assert (ROOT / picture).exists()
        assert f"]({Path(picture).name})" in page, f"{figure.page} does not show {picture}"


def test_the_record_names_no_other_figures() -> None:
    assert set(read_record(ROOT)) <= set(FIGURES)


def test_pages_show_no_picture_that_nothing_makes() -> None:
    """Pictures of a training or of an overfit are on the page with their command."""
    made = {Path(picture).name for figure in FIGURES.values() for picture in figure.pictures}
    made |= {"generators_overfit.jpg", "generators_small.jpg"}
    made |= {"simulated_2afc.png", "simulated_frames.jpg", "simulated_personal.png"}
    shown = {
        name
        for page in (ROOT / "docs").glob("*.md")
        for name in re.findall(r"!\[[^\]]*\]\(([^)/]+)\)", page.read_text())
    }
    assert sorted(shown - made) == []
