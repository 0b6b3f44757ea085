"""What `make` installs packages with: pip, saying now and then what it is doing.

Run by the virtual environment's own Python before anything is installed in it, so it uses nothing
but the standard library.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from typing import Final

PAUSE_SECONDS: Final = 15.0
"""Between two lines where there is no terminal, on which a single line is written over."""

_COLLECTING: Final = re.compile(r"Collecting ([\w.-]+)")
_INSTALLING: Final = re.compile(r"Installing collected packages: (.*)")


def main(arguments: list[str]) -> int:
    """Run ``pip install`` with these arguments; its exit status."""
    command = [sys.executable, "-m", "pip", "install", "--progress-bar=off", *arguments]
    quiet = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"}
    with subprocess.Popen(
        command,
        env={**os.environ, **quiet, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    ) as pip:
        assert pip.stdout is not None
        show(stages(pip.stdout))
    return pip.returncode


def stages(lines: Iterable[str]) -> Iterator[str]:
    """What is going on, as each line of pip's tells: ``package 12: numba``."""
    found = 0
    for line in lines:
        if collecting := _COLLECTING.match(line):
            found += 1
            yield f"package {found}: {collecting[1]}"
        elif installing := _INSTALLING.match(line):
            yield f"unpacking {installing[1].count(',') + 1} packages"


def show(told: Iterable[str]) -> None:
    """Write each on one line of the terminal; elsewhere, a line now and then."""
    terminal = sys.stdout.isatty()
    due = time.monotonic() + PAUSE_SECONDS
    for stage in told:
        if terminal:
            sys.stdout.write(f"\r\033[K  {stage}")
        elif stage.startswith("unpacking") or time.monotonic() >= due:
            sys.stdout.write(f"  {stage}\n")
            due = time.monotonic() + PAUSE_SECONDS
        sys.stdout.flush()
    if terminal:
        sys.stdout.write("\r\033[K")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
