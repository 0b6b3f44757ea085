"""Tests that need PyTorch: how they are skipped without it, and run alone once it is there.

Most of them are skipped with the file they are in, by `pytest.importorskip`. Whichever way, the
run notes which tests PyTorch's absence cost it, and ``--skipped-without-torch`` runs just those: so
what needs no PyTorch is run once, and what does is found without being listed anywhere.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable
from typing import Final

import pytest

HAS_TORCH: Final = importlib.util.find_spec("torch") is not None
needs_torch: Final = pytest.mark.skipif(
    not HAS_TORCH, reason="PyTorch is not installed: make torch"
)

Report = pytest.TestReport | pytest.CollectReport

OPTION: Final = "--skipped-without-torch"
_KEY: Final = "facsimile/skipped-without-torch"


def add_option(parser: pytest.Parser) -> None:
    """Declare the option."""
    told = "run only what the last run skipped because PyTorch was not installed"
    parser.addoption(OPTION, action="store_true", help=told)


def select(config: pytest.Config) -> None:
    """With the option: ask for those tests, as if they were named on the command line.

    Raises:
        UsageError: PyTorch is missing still, or no run without it has been.
    """
    if not config.getoption(OPTION):
        return
    skipped: list[str] = [] if config.cache is None else config.cache.get(_KEY, [])
    if not HAS_TORCH:
        raise pytest.UsageError("PyTorch is not installed: make torch")
    if not skipped:
        raise pytest.UsageError("No run without PyTorch has been: run make test without it first.")
    config.args = skipped


def note(config: pytest.Config, reports: Iterable[Report]) -> None:
    """Keep, after a run without PyTorch, which tests and files its absence cost."""
    if not HAS_TORCH and config.cache is not None:
        config.cache.set(_KEY, costs(reports))


def costs(reports: Iterable[Report]) -> list[str]:
    """The tests and files, each once, that were skipped for a reason that names PyTorch."""
    reasons = {
        report.nodeid: str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else ""
        for report in reports
    }
    return [name for name, reason in reasons.items() if "torch" in reason.lower()]
