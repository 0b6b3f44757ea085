"""Rows of a table that label files, joined where they are of one frame, as sequences."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from models import facs
from models.corpora.cells import Place
from models.corpora.corpus import LabelledSequence
from models.corpora.errors import CorpusError
from models.corpora.pixels import Pictures, Video, frame_count
from models.corpora.table import UNKNOWN, CodeArray, FloatArray, Split


@dataclass(frozen=True, eq=False)
class LabelledRow:
    """One row.

    Attributes:
        file: the picture or video, below the corpus's root.
        frame: of a video, counted from 0; None for a picture.
        intensity, occurrence: (18,), see `LabelledSequence`.
    """

    place: Place
    file: Path
    frame: int | None
    subject: str
    split: Split | None
    intensity: FloatArray
    occurrence: CodeArray


def joined(rows: Sequence[LabelledRow]) -> tuple[list[LabelledRow], int]:
    """One row for each frame, and how many rows were joined to others of the same frame.

    Rows of one frame that each know what the other does not are joined, and equal ones count
    once.

    Raises:
        CorpusError: two rows of one frame contradict each other; names both lines.
    """
    kept: dict[tuple[Path, int | None], LabelledRow] = {}
    for row in rows:
        key = (row.file, row.frame)
        kept[key] = _both(kept[key], row) if key in kept else row
    return list(kept.values()), len(rows) - len(kept)


def sequences_of(rows: Sequence[LabelledRow], root: Path) -> list[LabelledSequence]:
    """A sequence for each video, and one for each person's pictures in a folder.

    Raises:
        CorpusError: a video cannot be opened, or is shorter than its labels; by line.
    """
    videos: dict[tuple[str, Path], list[LabelledRow]] = defaultdict(list)
    pictures: dict[tuple[str, Path], list[LabelledRow]] = defaultdict(list)
    for row in rows:
        if row.frame is None:
            pictures[row.subject, row.file.parent].append(row)
        else:
            videos[row.subject, row.file].append(row)
    found = [_video(root, of_one) for _, of_one in sorted(videos.items())]
    return found + [_pictures(root, of_one) for _, of_one in sorted(pictures.items())]


def _both(first: LabelledRow, second: LabelledRow) -> LabelledRow:
    what = "the same frame" if second.frame is not None else "the same file"
    where = (
        f"line {first.place.line}"
        if first.place.path == second.place.path
        else f"{first.place.path.name}, line {first.place.line},"
    )
    if first.subject != second.subject:
        raise CorpusError(
            f"is of {what} as {where}, where it shows {first.subject} and not {second.subject}",
            second.place.path,
            second.place.line,
        )
    pairs = (
        (first.intensity, second.intensity, ~np.isnan(first.intensity)),
        (first.occurrence, second.occurrence, first.occurrence != UNKNOWN),
    )
    for before, after, known in pairs:
        with np.errstate(invalid="ignore"):
            differ = known & ~np.isnan(after) & (after != UNKNOWN) & (before != after)
        if differ.any():
            column = int(np.flatnonzero(differ)[0])
            raise CorpusError(
                f"is of {what} as {where} and contradicts it: {facs.SUPPORTED_AUS[column]} is "
                f"{before[column]:g} there and {after[column]:g} here",
                second.place.path,
                second.place.line,
            )
    return replace(
        first,
        intensity=np.where(pairs[0][2], first.intensity, second.intensity),
        occurrence=np.where(pairs[1][2], first.occurrence, second.occurrence),
        split=first.split or second.split,
    )


def _video(root: Path, rows: list[LabelledRow]) -> LabelledSequence:
    rows = sorted(rows, key=lambda row: row.frame or 0)
    source = Video(rows[0].file)
    frames, name = frame_count(source.path), source.path.relative_to(root).as_posix()
    numbers = np.array([row.frame for row in rows], np.int32)
    if numbers[-1] >= frames:
        row = rows[int(np.flatnonzero(numbers >= frames)[0])]
        raise CorpusError(
            f"frame {row.frame} is not in {name}, which has {frames} frames, from 0 to "
            f"{frames - 1}: the video is cut short, or another one is meant",
            row.place.path,
            row.place.line,
        )
    return _sequence(name, rows, source, numbers, numbers)


def _pictures(root: Path, rows: list[LabelledRow]) -> LabelledSequence:
    folder = rows[0].file.parent.relative_to(root).as_posix()
    names = tuple(row.file.relative_to(root).as_posix() for row in rows)
    order = np.arange(len(rows), dtype=np.int32)
    return _sequence(
        folder if folder != "." else rows[0].subject, rows, Pictures(root, names), order, order
    )


def _sequence(
    name: str,
    rows: list[LabelledRow],
    source: Video | Pictures,
    numbers: np.ndarray[tuple[int], np.dtype[np.int32]],
    positions: np.ndarray[tuple[int], np.dtype[np.int32]],
) -> LabelledSequence:
    return LabelledSequence(
        name=name,
        subject=rows[0].subject,
        source=source,
        numbers=numbers,
        positions=positions,
        intensity=np.stack([row.intensity for row in rows]),
        occurrence=np.stack([row.occurrence for row in rows]),
        split=rows[0].split,
    )
