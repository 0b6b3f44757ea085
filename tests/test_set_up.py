"""What a newcomer types: continuous integration types the same, and each says what it does."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from scripts import install
from tests.support import needs

ROOT: Final = Path(__file__).resolve().parents[1]
README: Final = (ROOT / "README.md").read_text()
CI: Final = (ROOT / ".ci" / "run").read_text()
NOT_TRIED: Final = {
    "make serve": "it serves until it is stopped; the tests start what it starts",
    "make format": "it changes the code",
    "make lock": "it changes the pins",
}


def _commands(text: str) -> list[str]:
    """Every `make` with its targets, less comments and variables, in order."""
    lines = "\n".join(line.partition("#")[0] for line in text.splitlines())
    return re.findall(r"^(?:.*\|\| )?(make(?: [a-z-]+)+)", lines, re.MULTILINE)


def _shown(text: str) -> str:
    """What stands in the shell's blocks of a page."""
    return "\n".join(re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE))


def test_continuous_integration_runs_what_the_readme_says_in_that_order() -> None:
    said = list(dict.fromkeys(_commands(_shown(README))))
    assert set(NOT_TRIED) < set(said)
    assert _commands(CI) == [command for command in said if command not in NOT_TRIED]


def test_continuous_integration_installs_nothing_that_a_newcomer_would_not() -> None:
    assert not re.search(r"\b(pip|apt|apt-get|npm) (install|ci)\b|venv/bin", CI)
    assert 'HOME="$scratch/home"' in CI
    assert 'VENV="$scratch/venv"' in CI


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
@pytest.mark.parametrize(("target", "extra"), [("demo", "."), ("serve", "."), ("test", "'.[dev]'")])
def test_each_target_installs_what_it_uses(target: str, extra: str, tmp_path: Path) -> None:
    told = subprocess.run(
        ["make", "--dry-run", f"VENV={tmp_path}/venv", target],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    installed = re.findall(r"scripts/install\.py .*--editable (\S+)", told)
    assert installed[-1] == extra
    assert installed[0] == "."
    assert "torch" not in "".join(installed)


LINES: Final = """\
Processing /home/me/facsimile
  Installing build dependencies: started
Collecting numba==0.68.1 (from facsimile==0.1.0)
  Downloading numba-0.68.1-cp311-cp311-manylinux2014_x86_64.whl.metadata (2.7 kB)
Collecting ai-edge-litert==2.3.0 (from facsimile==0.1.0)
Requirement already satisfied: pip in ./venv
Installing collected packages: llvmlite, numba, ai-edge-litert
Successfully installed ai-edge-litert-2.3.0
"""


def test_an_installation_says_what_it_is_doing() -> None:
    assert list(install.stages(LINES.splitlines())) == [
        "package 1: numba",
        "package 2: ai-edge-litert",
        "unpacking 3 packages",
    ]


def test_an_installation_that_fails_fails_and_says_why(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert install.main(["--no-index", str(tmp_path / "nowhere.whl")]) != 0
    assert "nowhere.whl" in capfd.readouterr().err


def _skipped(nodeid: str, reason: str) -> pytest.TestReport:
    where = ("tests/a.py", 1, f"Skipped: {reason}")
    return pytest.TestReport(nodeid, ("tests/a.py", 0, ""), {}, "skipped", where, "setup")


def test_a_run_without_torch_notes_what_that_cost() -> None:
    reports = [
        _skipped("tests/a.py", "torch is not installed"),
        _skipped("tests/b.py::test[1]", "PyTorch is not installed: make torch"),
        _skipped("tests/b.py::test[2]", "PostgreSQL is not reachable"),
        _skipped("tests/a.py", "torch is not installed"),
    ]
    assert needs.costs(reports) == ["tests/a.py", "tests/b.py::test[1]"]
