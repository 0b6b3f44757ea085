"""Results in small files, so that a run that was ended goes on where it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def cell(path: Path, work: Callable[[], T]) -> T:
    """What `work` gives, from the file of an earlier run if there is one."""
    if path.exists():
        stored: T = json.loads(path.read_text())
        return stored
    result = work()
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}")
    temporary.write_text(json.dumps(result, indent=1) + "\n")
    temporary.replace(path)
    return result
