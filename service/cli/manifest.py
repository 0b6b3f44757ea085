"""The list of what lies in a folder of drawings: which file shows what, and of which photo.

A folder is drawn into again and again: what is there stays listed, and no photo's pictures are
written over another's.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from models.file_names import printable
from service.cli.errors import CommandError
from service.cli.writing import replaced

MANIFEST: Final = "expressions.json"
"""What lies in the output folder beside the pictures."""
KINDS: Final = ("face", "photo")


_Owner = tuple[str | None, str | None]
"""A photo: its path as it was given, and the SHA-256 of its bytes."""


@dataclass(frozen=True)
class Drawing:
    """One entry of the manifest.

    Attributes:
        source: the photo's path as it was given.
        sha256: of the photo's bytes.
        image: what the names of its files begin with.
        image_id: of the photo in the service that drew it.
        name: of the target.
        target: AU -> intensity.
        found: what the photo was found to show, see the API.
        seed: of the drawing.
        face, photo: file names in the folder.
        quality, warnings: of the face, see the API.
    """

    source: str
    sha256: str
    image: str
    image_id: str
    name: str
    target: dict[str, float]
    found: dict[str, float] | None
    seed: int
    face: str | None
    photo: str | None
    quality: float | None = None
    warnings: list[str] = field(default_factory=list)


class Manifest:
    """The manifest of one folder."""

    def __init__(self, folder: Path) -> None:
        """With what the folder lists already.

        Raises:
            CommandError: its list is none of ours.
            OSError: it cannot be read.
        """
        self._folder = folder
        self._entries = _read(folder / MANIFEST)
        # In lower case, since some file systems know no upper.
        self._owners: dict[str, _Owner | None] = {
            name.casefold(): None for name in os.listdir(folder)
        }
        for entry in self._entries:
            for name in filter(None, (entry.get("image"), *map(entry.get, KINDS))):
                self._owners[str(name).casefold()] = _owner(entry)

    def stems(self, photos: Sequence[tuple[Path, str]], names: Iterable[str]) -> list[str]:
        """What each photo's file names begin with: its own name, numbered where that is taken.

        A photo that was drawn before, the same path and bytes, keeps what it had.

        Args:
            photos: path and SHA-256 of each.
            names: of the targets.
        """
        endings = ["", *(f"_{name}_{kind}.png".casefold() for name in names for kind in KINDS)]
        known = {_owner(entry): str(entry.get("image")) for entry in self._entries}
        stems = []
        for path, sha256 in photos:
            owner = (printable(path), sha256)
            stem = self._free(known.get(owner, _stem(path)), endings, owner)
            known[owner] = stem
            self._owners |= {stem.casefold() + ending: owner for ending in endings}
            stems.append(stem)
        return stems

    def add(self, drawings: Iterable[Drawing]) -> None:
        """List drawings, in place of those that lay in the same files, and write the list.

        Raises:
            OSError: it cannot be written.
        """
        new = [asdict(drawing) for drawing in drawings]
        places = {(entry["image"], entry["name"]) for entry in new}
        kept = [
            entry
            for entry in self._entries
            if (entry.get("image"), entry.get("name")) not in places
        ]
        self._entries = [*kept, *new]
        write_whole(self._folder / MANIFEST, json.dumps(self._entries, indent=2).encode() + b"\n")

    def _free(self, stem: str, endings: Sequence[str], owner: _Owner) -> str:
        """`stem`, numbered until nothing that it begins is another's."""
        free, number = stem, 1
        while any(self._owners.get(free.casefold() + end, owner) != owner for end in endings):
            number += 1
            free = f"{stem}-{number}"
        return free


def write_whole(path: Path, content: bytes) -> None:
    """Write a whole file or none."""
    with replaced(path) as unfinished:
        unfinished.write_bytes(content)


def _read(path: Path) -> list[dict[str, Any]]:
    try:
        entries = json.loads(path.read_bytes())
    except FileNotFoundError:
        return []
    except ValueError:
        entries = None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise CommandError(f"{path} is not a list of drawings; name another folder with --out.")
    return entries


def _owner(entry: Mapping[str, Any]) -> _Owner:
    return entry.get("source"), entry.get("sha256")


def _stem(path: Path) -> str:
    """The photo's name without its ending; bytes that are no UTF-8 become a sign for that."""
    return os.fsencode(path.stem).decode("utf-8", "replace")
