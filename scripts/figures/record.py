"""What each figure was made with, and what has changed since."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scripts.figures.registry import Figure

FOLDER: Final = Path("docs/figures")
RECORD: Final = FOLDER / "made.json"


@dataclass(frozen=True)
class Made:
    """When and at which commit a figure was made, and the files it depended on by SHA-256."""

    date: str
    commit: str
    files: Mapping[str, str]


def files_of(figure: Figure, root: Path) -> dict[str, str]:
    """Path below the root -> SHA-256 of every file that the figure depends on.

    Raises:
        FileNotFoundError: a pattern of the registry fits no file.
    """
    found: dict[str, str] = {}
    for pattern in figure.depends:
        paths = sorted(root.glob(pattern))
        if not paths:
            raise FileNotFoundError(f"{pattern} fits no file")
        for path in paths:
            found[path.relative_to(root).as_posix()] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def read_record(root: Path) -> dict[str, Made]:
    """What has been recorded, by figure."""
    path = root / RECORD
    if not path.exists():
        return {}
    return {name: Made(**entry) for name, entry in json.loads(path.read_text()).items()}


def write_record(root: Path, record: Mapping[str, Made]) -> None:
    """Keep what is recorded, in alphabetical order."""
    plain = {
        name: {"date": made.date, "commit": made.commit, "files": dict(sorted(made.files.items()))}
        for name, made in sorted(record.items())
    }
    path = root / RECORD
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(plain, indent=1) + "\n")


def changed(figure: Figure, made: Made | None, root: Path) -> list[str] | None:
    """Files that are other than when the figure was made; None if nobody recorded that."""
    if made is None:
        return None
    now = files_of(figure, root)
    return sorted(path for path in {*now, *made.files} if now.get(path) != made.files.get(path))
