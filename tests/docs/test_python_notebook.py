"""docs/python.ipynb runs, top to bottom, against a live service, and ships without outputs."""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from service.client import Client, Picture, Pictures
from tests.support.backends import BACKENDS
from tests.support.running import Service, running

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = ROOT / "docs" / "python.ipynb"
PAGE = ROOT / "docs" / "python.md"


def cells() -> list[dict[str, Any]]:
    """The cells of code."""
    read = json.loads(NOTEBOOK.read_text())
    return [cell for cell in read["cells"] if cell["cell_type"] == "code"]


def is_there(package: str) -> bool:
    return importlib.util.find_spec(package) is not None


def run(cell: dict[str, Any], names: dict[str, Any]) -> Any:
    """What a cell shows: the value of its last line, where that is an expression."""
    tree = ast.parse("".join(cell["source"]))
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, NOTEBOOK.name, "exec"), names)
    if last is None:
        return None
    assert isinstance(last, ast.Expr)
    return eval(compile(ast.Expression(last.value), NOTEBOOK.name, "eval"), names)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service as `make serve` starts it."""
    with BACKENDS["embedded"]() as backend, running(backend, tmp_path_factory.mktemp("n")) as made:
        yield made


def test_it_runs_from_top_to_bottom(
    alone: Service,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("FACSIMILE_URL", f"http://127.0.0.1:{alone.port}")
    monkeypatch.setenv("PORTRAIT", str(ROOT / "scripts" / "astronaut.jpg"))
    monkeypatch.setenv("WORK", str(tmp_path))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    shown: list[Any] = []
    names: dict[str, Any] = {"__name__": "notebook"}
    for cell in cells():
        if all(is_there(package) for package in cell["metadata"].get("needs", [])):
            shown.append(run(cell, names))
    pictures = [value for value in shown if isinstance(value, Picture)]
    (sheet,) = [value for value in shown if isinstance(value, Pictures)]
    assert [picture.image().size[0] > 200 for picture in pictures] == [True, True]
    assert sheet.captions == ["neutral", "AU06=3 AU12=4", "AU01=4 AU02=4 AU05=3 AU26=3", "AU12L=4"]
    assert "422 unknown-action-unit" in capsys.readouterr().out
    estimates, receipt = [value for value in shown if isinstance(value, dict)][-2:]
    assert set(estimates) == {"compact", names["model"].id}
    assert receipt["images"] == 2
    assert receipt["models"] == 1
    assert receipt["datasets withdrawn"] == 1
    assert receipt["still there"] == []
    assert len(names["loaded"]) == 10
    if is_there("torch"):
        assert tuple(names["batch"].shape) == (4, 3, 224, 224)
    shutil.rmtree(tmp_path / "cache", ignore_errors=True)


def test_it_ships_without_outputs() -> None:
    for cell in cells():
        assert cell["outputs"] == []
        assert cell["execution_count"] is None


def test_the_page_names_methods_that_there_are() -> None:
    named = set(re.findall(r"client\.(\w+)\(", PAGE.read_text()))
    assert len(named) > 10
    assert [name for name in named if not hasattr(Client, name)] == []
