"""Finds the files of a corpus on disk, through links as far as they are allowed to lead."""

from __future__ import annotations

import os
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from models.corpora.errors import CorpusError

VIDEO_SUFFIXES: Final = frozenset(
    {".avi", ".mp4", ".mov", ".mkv", ".webm", ".wmv", ".mpg", ".mpeg", ".m4v", ".mts", ".flv"}
)


def corpus_root(root: Path) -> Path:
    """The resolved folder of a corpus.

    Raises:
        CorpusError: there is no such folder.
    """
    resolved = root.resolve()
    if not resolved.is_dir():
        raise CorpusError("is not a folder", root)
    return resolved


def files_below(root: Path, boundary: Path | None = None) -> Iterator[Path]:
    """Every file below a resolved folder, by name; links are followed.

    Args:
        boundary: the resolved folder that links may not lead out of; `root` when None.

    Raises:
        CorpusError: a link leads out of there.
    """
    yield from _walk(root, boundary or root, (root,))


def _walk(folder: Path, boundary: Path, within: tuple[Path, ...]) -> Iterator[Path]:
    """`within` are the resolved folders on the way here, so that links in a circle end."""
    with os.scandir(folder) as listed:
        entries = sorted(listed, key=lambda entry: entry.name)
    folders: list[Path] = []
    for entry in entries:
        path = folder / entry.name
        if entry.is_symlink():
            _check_link(path, boundary)
        if entry.is_dir():
            folders.append(path)
        else:
            yield path
    for path in folders:
        resolved = path.resolve() if path.is_symlink() else within[-1] / path.name
        if resolved not in within:
            yield from _walk(path, boundary, (*within, resolved))


def _check_link(path: Path, boundary: Path) -> None:
    try:
        is_inside = path.resolve().is_relative_to(boundary)
    except (OSError, RuntimeError):  # a link in a circle
        is_inside = False
    if not is_inside:
        raise CorpusError("is a link that leads out of where corpora may lie", path)


@dataclass(frozen=True)
class _Listing:
    """Names in a folder by their spelling without case, and which of them are links."""

    names: dict[str, list[str]]
    links: frozenset[str]


class Finder:
    """Finds the files of a corpus that a table names, as people on other systems write names.

    Backslashes part folders too, a leading ``./`` means nothing, and where no name is spelled as
    written, one in another case or Unicode form is taken. Folders are listed once.
    """

    def __init__(self, root: Path, boundary: Path | None = None) -> None:
        self._root = root
        self._boundary = boundary or root
        self._listings: dict[Path, _Listing] = {}

    def find(self, name: str) -> Path | None:
        """The file's path below the root; None where there is none.

        Raises:
            CorpusError: a link leads out, or two files are meant as well.
        """
        return self._below(name) or (self._below(name.replace("\\", "/")) if "\\" in name else None)

    def _below(self, name: str) -> Path | None:
        parts = PurePosixPath(os.path.normpath(name)).parts
        if not parts or parts[0] in ("/", "//", "..", "."):
            return None
        path = self._root
        for part in parts:
            found = self._spelled(path, part)
            if found is None:
                return None
            path = path / found
        return path if path.is_file() else None

    def _spelled(self, folder: Path, part: str) -> str | None:
        listing = self._listings.get(folder)
        if listing is None:
            listing = self._listings[folder] = _listed(folder)
        alike = listing.names.get(_plain(part), [])
        if part in alike:
            found = part
        elif len(alike) > 1:
            raise CorpusError(f"{part!r} may be {' or '.join(sorted(alike))}", folder)
        elif not alike:
            return None
        else:
            found = alike[0]
        if found in listing.links:
            _check_link(folder / found, self._boundary)
        return found


def _listed(folder: Path) -> _Listing:
    names: dict[str, list[str]] = defaultdict(list)
    links: set[str] = set()
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                names[_plain(entry.name)].append(entry.name)
                if entry.is_symlink():
                    links.add(entry.name)
    except OSError:
        pass
    return _Listing(dict(names), frozenset(links))


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def content_root(root: Path) -> Path:
    """The folder to read of an unpacked archive: the one folder in it, where it holds one only."""
    children = [child for child in root.iterdir() if child.name != "__MACOSX"]
    return children[0] if len(children) == 1 and children[0].is_dir() else root
