"""Finds the files of a corpus on disk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from models.corpora.errors import CorpusError

PICTURE_SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".bmp"})


def corpus_root(root: Path) -> Path:
    """The resolved folder of a corpus.

    Raises:
        CorpusError: there is no such folder.
    """
    resolved = root.resolve()
    if not resolved.is_dir():
        raise CorpusError("is not a folder", root)
    return resolved


def files_below(root: Path) -> Iterator[Path]:
    """Every file below a resolved folder, by name; links that lead outside are passed over."""
    for folder, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            path = Path(folder, name)
            if not path.is_symlink() or path.resolve().is_relative_to(root):
                yield path


def inside(root: Path, relative: str) -> Path | None:
    """The file that `relative` names below a resolved folder; None when it leads outside."""
    path = (root / relative).resolve()
    return path if path.is_relative_to(root) else None


def content_root(root: Path) -> Path:
    """The folder to read of an unpacked archive: the one folder in it, where it holds one only."""
    children = [child for child in root.iterdir() if child.name != "__MACOSX"]
    return children[0] if len(children) == 1 and children[0].is_dir() else root
