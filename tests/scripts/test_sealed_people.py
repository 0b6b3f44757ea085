"""The people who are only measured on are named by no script but those that measure."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
MEASURES: Final = {
    "benchmarks/independent.py",  # networks that know nothing of FACS look at drawings of them
    "scripts/measure_identity.py",
    "scripts/measure_meshes.py",
    "scripts/measure_shown.py",
    "scripts/train_compact/draw.py",  # draws what `measure` reads, apart from what is learnt
    "scripts/train_compact/measure.py",
    "scripts/train_compact/personal.py",  # its last table alone, by --split test
    "scripts/train_compact/presence.py",
    "scripts/train_compact/redraw.py",  # drawings by another rig, for `measure` too
    "scripts/train_hybrid/__main__.py",  # writes their names into the configuration
    "scripts/trained_sheet.py",
}
"""Files that may name the split `test`. One more is a decision: say here what it measures."""


def _names_the_split(path: Path) -> bool:
    return any(
        isinstance(node, ast.Constant) and node.value == "test"
        for node in ast.walk(ast.parse(path.read_text()))
    )


def test_who_teaches_and_chooses_never_asks_for_them() -> None:
    found = {
        path.relative_to(ROOT).as_posix()
        for top in ("scripts", "benchmarks")
        for path in (ROOT / top).rglob("*.py")
        # The simulated databases have people of their own.
        if "simulated" not in path.parts and _names_the_split(path)
    }
    assert found == MEASURES


def test_the_reader_finds_a_name(tmp_path: Path) -> None:
    path = tmp_path / "teach.py"
    path.write_text('people = [one for one in everybody if one.split == "test"]\n')
    assert _names_the_split(path)
    path.write_text('people = [one for one in everybody if one.split == "train"]\n')
    assert not _names_the_split(path)
