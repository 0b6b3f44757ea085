"""File names as text that everything can read."""

from __future__ import annotations

import os
from pathlib import Path


def printable(file: Path) -> str:
    """A file's name as UTF-8 can write it: bytes that are none become ``\\xff``."""
    return os.fsencode(file).decode("utf-8", "backslashreplace")
