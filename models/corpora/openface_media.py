"""The videos and pictures that OpenFace's tables are of, and who is in them."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from models.corpora.cells import Place
from models.corpora.delimited import open_table, table_text
from models.corpora.errors import CorpusError
from models.corpora.files import VIDEO_SUFFIXES, Finder
from models.corpora.table import SPLITS, Split
from models.corpora.wording import counted, were
from models.images import PHOTO_SUFFIXES

SUBJECTS: Final = "subjects.csv"
_DETAILS: Final = "_of_details.txt"
_NAMED: Final = 6
"""People that a note names."""


@dataclass(frozen=True)
class Media:
    """What one table is of: a video, a picture, or a folder of pictures in the order of names."""

    path: Path
    pictures: tuple[Path, ...] = ()

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder of pictures."""
        return bool(self.pictures)

    @property
    def is_video(self) -> bool:
        """Whether it is a video."""
        return not self.pictures and self.path.suffix.lower() in VIDEO_SUFFIXES


@dataclass(frozen=True, order=True)
class Person:
    """Who is in a file, and the split they are in, if they are in one."""

    name: str
    split: Split | None = None


class MediaFinder:
    """Finds the videos and pictures of tables among the files of a corpus; `all` of them."""

    def __init__(self, root: Path, paths: Sequence[Path], boundary: Path | None) -> None:
        self._root = root
        self._finder = Finder(root, boundary)
        self._by_stem: dict[str, list[Path]] = defaultdict(list)
        self._by_name: dict[str, list[Path]] = defaultdict(list)
        self._folders: dict[Path, list[Path]] = defaultdict(list)
        self.all: list[Path] = []
        for path in paths:
            suffix = path.suffix.lower()
            if suffix in PHOTO_SUFFIXES:
                self._folders[path.parent].append(path)
            if suffix in PHOTO_SUFFIXES | VIDEO_SUFFIXES:
                self._by_stem[path.stem.casefold()].append(path)
                self._by_name[path.name.casefold()].append(path)
                self.all.append(path)

    def beside(self, table: Path) -> Media | None:
        """What a table is of by its own name, or the only file there is; None where that is none.

        Raises:
            CorpusError: there is more than one that it may be of.
        """
        stem = table.stem.casefold()
        found = [path for path in self._by_stem.get(stem, []) if not _drawn_by_openface(path)]
        if (file := self._nearest(found, table)) is not None:
            return Media(file)
        folders = [folder for folder in self._folders if folder.name.casefold() == stem]
        folder = self._nearest(folders, table)
        if folder is not None:
            return Media(folder, tuple(sorted(self._folders[folder])))
        return Media(self.all[0]) if len(self.all) == 1 else None

    def named(self, name: str, place: Place) -> Media:
        """The file that a row names, by whatever way led to it when the table was written.

        It is looked for beside the table, then below the root by the whole path, without its first
        folder, and so on, and last by its name alone.

        Raises:
            CorpusError: there is none, or more than one.
        """
        parts = PurePosixPath(name.replace("\\", "/")).parts
        if not parts:
            raise CorpusError("names no file", place.path, place.line)
        beside = place.path.parent.relative_to(self._root)
        ways = [beside.joinpath(*parts).as_posix()] if parts[0] != "/" else []
        ways += ["/".join(parts[start:]) for start in range(len(parts))]
        for way in ways:
            if (found := self._finder.find(way)) is not None:
                return Media(found)
        alike = self._by_name.get(parts[-1].casefold(), [])
        if len(alike) > 1:
            names = " or ".join(path.relative_to(self._root).as_posix() for path in alike[:3])
            raise CorpusError(f"{name!r} may be {names}", place.path, place.line)
        if not alike:
            raise CorpusError(f"there is no file {name!r} in the folder", place.path, place.line)
        return Media(alike[0])

    def maybe(self, name: str, place: Place) -> Media | None:
        """As `named`; None where there is no such file, or more than one."""
        try:
            return self.named(name, place)
        except CorpusError:
            return None

    def _nearest(self, found: Sequence[Path], table: Path) -> Path | None:
        for near in (
            [path for path in found if path.parent == table.parent],
            [path for path in found if path.parent == table.parent.parent],
            list(found),
        ):
            videos = [path for path in near if path.suffix.lower() in VIDEO_SUFFIXES]
            near = videos or near
            if len(near) == 1:
                return near[0]
            if near:
                names = " or ".join(path.relative_to(self._root).as_posix() for path in near[:3])
                raise CorpusError(f"may be of {names}", table)
        return None


def people(
    root: Path, media: Sequence[Media], finder: MediaFinder, boundary: Path | None
) -> tuple[dict[Media, Person], list[str]]:
    """Who is in each file, and how that was told.

    ``subjects.csv`` in the root (columns ``file``, ``subject``, and ``split`` if there are splits)
    says it. Without one, files in one folder show one person, the folder being the first that not
    all videos and pictures share; and a file in no such folder shows a person of its own.

    Raises:
        CorpusError: ``subjects.csv`` is wrong (by line), or leaves out a file.
    """
    table = Finder(root, boundary).find(SUBJECTS)
    if table is not None:
        return _told(root, table, media, finder), []
    shared = os.path.commonpath([path.parent for path in finder.all])
    who: dict[Media, Person] = {}
    files: Counter[str] = Counter()
    for each in media:
        parts = each.path.relative_to(shared).parts
        name = parts[0] if len(parts) > 1 else each.path.stem
        who[each] = Person(name)
        files[name] += 1
    named = ", ".join(f"{name} ({count:,})" for name, count in sorted(files.items())[:_NAMED])
    rest = f" and {len(files) - _NAMED:,} more" if len(files) > _NAMED else ""
    return who, [
        f"{counted(len(files), 'person', 'people')} {were(len(files))} told by folders, and by "
        f"file names outside of them; with their files: {named}{rest}. {SUBJECTS} (columns file, "
        "subject) would say it otherwise."
    ]


def _told(
    root: Path, path: Path, media: Sequence[Media], finder: MediaFinder
) -> dict[Media, Person]:
    table = open_table(path, lambda name: name.lower() in ("file", "subject", "split"))
    names = [name.lower() for name in table.header]
    if "file" not in names or "subject" not in names:
        raise CorpusError(f"needs the columns file and subject; has {', '.join(names)}", path, 1)
    told: dict[Path, Person] = {}
    splits: dict[str, Split | None] = {}
    for line, cells in table.rows:
        row = dict(zip(names, (str(cell or "").strip() for cell in cells), strict=True))
        split = next((split for split in SPLITS if split == row.get("split", "").lower()), None)
        if row.get("split") and split is None:
            raise CorpusError(f"{row['split']!r} is no split: {', '.join(SPLITS)}", path, line)
        if not row["subject"]:
            raise CorpusError("names no subject", path, line)
        if splits.setdefault(row["subject"], split) != split:
            raise CorpusError(f"{row['subject']} is in more than one split", path, line)
        folder = Path(os.path.normpath(root / row["file"].replace("\\", "/")))
        is_folder = folder.is_relative_to(root) and folder.is_dir()
        file = folder if is_folder else finder.named(row["file"], Place(path, line)).path
        person = Person(row["subject"], split)
        if told.setdefault(file, person) != person:
            raise CorpusError(f"{row['file']} is there already, with another person", path, line)
    for each in media:
        if each.path not in told and each.path.parent not in told:
            raise CorpusError(
                f"does not say who is in {each.path.relative_to(root).as_posix()}", path
            )
    return {each: told.get(each.path) or told[each.path.parent] for each in media}


def _drawn_by_openface(path: Path) -> bool:
    """Whether OpenFace wrote this picture or video itself, with what it found drawn in."""
    details = path.with_name(path.stem + _DETAILS)
    if not details.is_file():
        return False
    text, _ = table_text(details)
    source = next(
        (line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("Input:")),
        "",
    )
    return PurePosixPath(source.replace("\\", "/")).name != path.name
