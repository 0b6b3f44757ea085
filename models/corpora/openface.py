"""Tables that OpenFace wrote, beside the videos and pictures it read: a pseudo-labelled corpus.

``clip.csv`` labels ``clip.mp4`` (or ``clip.jpg``, or the pictures of the folder ``clip`` in the
order of their names) in the same folder, the one above, or anywhere below the root if the name is
there once. Columns are OpenFace's: ``frame`` (from 1), ``face_id`` or ``face``, ``confidence``,
``success``, ``AU12_r``, ``AU12_c``; header cells may have spaces. A column ``file`` names the file
of each row, as in what `facsimile estimate` writes.

Frames without success or with low confidence are skipped and counted. Of several faces in a file
the one with the most usable frames is kept: nothing says whether another is the same person found
anew. In frames that show others too, its surroundings are cut out where the table has its box
(``x, y, w, h``) or landmarks (``x_0`` …), and the frame is skipped where not.

Who is who OpenFace does not say: see `models.corpora.openface_media.people`.
"""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from models.corpora.alignment import MAX_BEYOND_END, unplaced_note
from models.corpora.cells import LabelCells
from models.corpora.corpus import Corpus, LabelledSequence, assemble
from models.corpora.delimited import open_table
from models.corpora.errors import CorpusError
from models.corpora.files import corpus_root, files_below
from models.corpora.folder import licence_of
from models.corpora.openface_media import Media, MediaFinder, Person, people
from models.corpora.openface_rows import (
    FaceRow,
    Skipped,
    is_known_column,
    is_reading,
    label_rows,
    read_rows,
)
from models.corpora.options import CONFIDENT, ReadOptions
from models.corpora.pixels import Box, Pictures, Video, frame_count
from models.corpora.wording import counted, were

_OF_A_TRACKER: Final = (
    "The labels are what a tracker read and no person coded; its own terms may bind them."
)


def read(root: Path, options: ReadOptions | None = None, *, licence: str | None = None) -> Corpus:
    """Read the tables and pair them with videos and pictures; no pixel is decoded.

    Raises:
        ScaleUnknownError: plain columns of AUs may be on another scale than 0 to 5.
        CorpusError: a table or a row of one is wrong (by line), or nothing of the layout is
            below `root`.
    """
    options = options or ReadOptions()
    root = corpus_root(root)
    paths = list(files_below(root, options.boundary))
    finder = MediaFinder(root, paths, options.boundary)
    cells, counts, notes = LabelCells(options), Skipped(), Counter[str]()
    seen: dict[Media, list[FaceRow]] = defaultdict(list)
    tables = 0
    for path in paths:
        if path.suffix.lower() not in (".csv", ".tsv") or path.name.lower() == "subjects.csv":
            continue
        table = open_table(path, is_known_column)
        if not is_reading(table):
            counts.no_tables.append(path.relative_to(root).as_posix())
            continue
        tables += 1
        read_rows(table, finder, options, cells, counts, notes, seen)
    if not tables:
        raise CorpusError("holds no table with columns such as frame, success and AU12_r", root)
    if not seen:
        raise CorpusError(
            "holds no video or picture to its tables, such as clip.mp4 to clip.csv", root
        )
    label_rows(seen, options, cells.saw_letters)
    who, how = people(root, list(seen), finder, options.boundary)
    said: list[str] = []
    sequences = _sequences(root, seen, who, counts, said)
    return assemble(
        sequences,
        name=root.name,
        layout="openface",
        root=root,
        # on the card of every dataset that is made of it
        licence=licence or f"{licence_of(root)} {_OF_A_TRACKER}",
        notes=[*_notes(counts, options), *how, *notes, *cells.notes, *said],
    )


def _sequences(
    root: Path,
    seen: dict[Media, list[FaceRow]],
    who: dict[Media, Person],
    counts: Skipped,
    notes: list[str],
) -> list[LabelledSequence]:
    sequences: list[LabelledSequence] = []
    pictures: dict[tuple[Person, Path], list[tuple[Path, FaceRow, Box | None]]] = defaultdict(list)
    for media, rows in seen.items():
        kept, boxes = _one_face(rows, counts)
        if not kept:
            continue
        first = 0 if min(row.number for row in rows) == 0 else 1
        person = who[media]
        if media.is_video:
            sequences.append(_of_video(root, media, kept, boxes, first, person, notes))
            continue
        for row in kept:
            file = _picture(media, row, first)
            pictures[person, file.parent].append((file, row, boxes.get(row.number)))
    for (person, folder), found in sorted(pictures.items(), key=lambda item: item[0][1]):
        found.sort(key=lambda entry: entry[0])
        _check_once(found)
        sequences.append(_of_pictures(root, folder, found, person))
    return sequences


def _one_face(rows: list[FaceRow], counts: Skipped) -> tuple[list[FaceRow], dict[int, Box]]:
    """The usable rows of the face seen most in a file, and its box in frames that show others."""
    usable = [row for row in rows if row.raw is not None]
    if not usable:
        return [], {}
    faces = Counter(row.face for row in usable)
    sure = {face: sum(row.confidence for row in usable if row.face == face) for face in faces}
    main = min(faces, key=lambda face: (-faces[face], -sure[face], face))
    others = {row.number for row in rows if row.face not in ("", main)}
    counts.other_faces += sum(row.face != main for row in usable)
    kept: list[FaceRow] = []
    boxes: dict[int, Box] = {}
    for row in usable:
        if row.face != main:
            continue
        if row.number in others:
            if row.box is None or not all(math.isfinite(value) for value in row.box):
                counts.unlocated += 1
                continue
            boxes[row.number] = row.box
        kept.append(row)
    kept.sort(key=lambda row: row.number)
    for before, after in itertools.pairwise(kept):
        if before.number == after.number:
            raise CorpusError(
                f"frame {after.number} of this face is in line {before.place.line} of "
                f"{before.place.path.name} already",
                after.place.path,
                after.place.line,
            )
    return kept, boxes


def _of_video(
    root: Path,
    media: Media,
    rows: list[FaceRow],
    boxes: dict[int, Box],
    first: int,
    person: Person,
    notes: list[str],
) -> LabelledSequence:
    frames, name = frame_count(media.path), media.path.relative_to(root).as_posix()
    numbers = np.array([row.number for row in rows], np.int32)
    within = np.asarray(numbers - first < frames, np.bool_)
    if int((~within).sum()) > MAX_BEYOND_END or not within.any():
        row = rows[int(np.flatnonzero(~within)[0])]
        raise CorpusError(
            f"frame {row.number} is not in {name}, whose {frames} frames are numbered {first} to "
            f"{first + frames - 1}: the video is cut short, or another one is meant",
            row.place.path,
            row.place.line,
        )
    notes += unplaced_note(name, within)
    rows = [row for row, is_there in zip(rows, within, strict=True) if is_there]
    places = {number - first: box for number, box in boxes.items()}
    return _sequence(name, rows, Video(media.path, places), numbers[within] - first, person)


def _picture(media: Media, row: FaceRow, first: int) -> Path:
    if not media.is_folder:
        return media.path
    place = row.number - first
    if place >= len(media.pictures):
        raise CorpusError(
            f"frame {row.number} is not in the folder {media.path.name}, which has "
            f"{len(media.pictures)} pictures",
            row.place.path,
            row.place.line,
        )
    return media.pictures[place]


def _check_once(found: Sequence[tuple[Path, FaceRow, Box | None]]) -> None:
    for (before, first, _), (after, second, _) in itertools.pairwise(found):
        if before == after:
            raise CorpusError(
                f"{after.name} is labelled in {first.place.path.name} already",
                second.place.path,
                second.place.line,
            )


def _of_pictures(
    root: Path,
    folder: Path,
    found: Sequence[tuple[Path, FaceRow, Box | None]],
    person: Person,
) -> LabelledSequence:
    names = tuple(file.relative_to(root).as_posix() for file, _, _ in found)
    boxes = {place: box for place, (_, _, box) in enumerate(found) if box is not None}
    name = folder.relative_to(root).as_posix()
    rows = [row for _, row, _ in found]
    order = np.arange(len(rows), dtype=np.int32)
    source = Pictures(root, names, boxes)
    return _sequence(name if name != "." else person.name, rows, source, order, person)


def _sequence(
    name: str,
    rows: Sequence[FaceRow],
    source: Video | Pictures,
    positions: np.ndarray[tuple[int], np.dtype[np.int32]],
    person: Person,
) -> LabelledSequence:
    return LabelledSequence(
        name=name,
        subject=person.name,
        source=source,
        numbers=np.array([row.number for row in rows], np.int32),
        positions=positions.astype(np.int32),
        intensity=np.stack([row.intensity for row in rows if row.intensity is not None]),
        occurrence=np.stack([row.occurrence for row in rows if row.occurrence is not None]),
        split=person.split,
    )


def _notes(counts: Skipped, options: ReadOptions) -> list[str]:
    least = CONFIDENT if options.min_confidence is None else options.min_confidence
    notes = ["These labels are what a tracker read, not what people coded."]
    for count, why in (
        (counts.failed, "success is 0"),
        (counts.unsure, f"confidence is below {least:g} (option min_confidence)"),
        (counts.other_faces, "of other faces than the one seen most in their file"),
        (
            counts.unlocated,
            "other faces are in the frame and the table has neither box nor landmarks",
        ),
    ):
        if count:
            notes.append(f"{counted(count, 'row')} {were(count)} left out: {why}.")
    if counts.without_file:
        notes.append(
            "Tables left out, to which there is no video or picture: "
            f"{', '.join(counts.without_file)}."
        )
    if counts.no_tables:
        notes.append(f"Tables left out, not of frames: {', '.join(counts.no_tables)}.")
    return notes
