"""FERA 2017: nine views of BP4D (to train) and BP4D+ (to validate and test), as videos.

Valstar et al., "FERA 2017: Addressing Head Pose in the Third Facial Expression Recognition and
Analysis Challenge" (2017). Files are found by name, wherever below the root they lie:
``FERA17_TR_F001_T1_6.mp4`` is view 6 of task T1, ``FERA17_TR_F001_T1_AU01_Int.csv`` the
intensities of one AU, ``FERA17_TR_F001_T1.csv`` the occurrences. ``TR``, ``VA`` and ``TE`` are the
official partitions. They count their subjects apart: F001 of VA is not F001 of TR, so a subject's
name here carries the partition.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection
from pathlib import Path
from typing import Final

from models.corpora import codes as label_files
from models.corpora.alignment import first_number, frames_in_video, unplaced_note
from models.corpora.codes import Codes
from models.corpora.copies import add_codes, add_file
from models.corpora.corpus import Corpus, LabelledSequence, assemble
from models.corpora.errors import CorpusError
from models.corpora.files import corpus_root, files_below
from models.corpora.options import FRONTAL_VIEW, ReadOptions
from models.corpora.pixels import Video, frame_count
from models.corpora.table import Split
from models.corpora.wording import were

LICENCE: Final = (
    "FERA 2017 challenge data, derived from BP4D and BP4D+ (Binghamton University, University of "
    "Pittsburgh): for non-commercial research under the signed end-user licence agreement; "
    "pictures made from it fall under the same agreement."
)
PARTITIONS: Final[dict[str, Split]] = {"TR": "train", "VA": "validation", "TE": "test"}

_VIDEO: Final = re.compile(r"FERA17_(TR|VA|TE)_([FM]\d+)_(T\d+)_([1-9])\.mp4\Z", re.IGNORECASE)
_INTENSITY: Final = re.compile(
    r"FERA17_(TR|VA|TE)_([FM]\d+)_(T\d+)_AU(\d+)_Int\.csv\Z", re.IGNORECASE
)
_OCCURRENCE: Final = re.compile(r"FERA17_(TR|VA|TE)_([FM]\d+)_(T\d+)\.csv\Z", re.IGNORECASE)

_Key = tuple[str, str, str]
"""Partition, subject, task."""


def read(root: Path, options: ReadOptions | None = None, *, licence: str = LICENCE) -> Corpus:
    """Read the label files and pair them with the videos of the views asked for, by default the
    frontal one; no pixel is decoded.

    Raises:
        CorpusError: a file is wrong (by line), or nothing of the layout is below `root`.
    """
    options = options or ReadOptions()
    root = corpus_root(root)
    views = options.views or (FRONTAL_VIEW,)
    missing = label_files.missing_codes(options.missing)
    videos: dict[_Key, dict[int, Path]] = defaultdict(dict)
    intensities: dict[_Key, dict[int, Codes]] = defaultdict(dict)
    occurrences: dict[_Key, Path] = {}
    for path in files_below(root, options.boundary):
        if match := _VIDEO.match(path.name):
            add_file(videos[_key(match)], int(match[4]), path)
        elif match := _INTENSITY.match(path.name):
            column = label_files.au_index(int(match[4]))
            if column is not None:
                codes = label_files.read_intensities(path, missing)
                add_codes(intensities[_key(match)], column, codes)
        elif match := _OCCURRENCE.match(path.name):
            add_file(occurrences, _key(match), path)
    if not intensities:
        raise CorpusError("holds no file named like FERA17_TR_F001_T1_AU01_Int.csv", root)
    notes: list[str] = []
    sequences = [
        _sequence(
            key, view, videos[key][view], intensities[key], occurrences.get(key), missing, notes
        )
        for key in sorted(intensities)
        for view in sorted(videos[key])
        if view in views
    ]
    there = sorted({view for found in videos.values() for view in found})
    if not sequences:
        raise CorpusError(_without_videos(views, there), root)
    if unseen := sum(not any(view in views for view in videos[key]) for key in intensities):
        notes.append(f"{unseen:,} coded recordings have no video and were left out.")
    if others := [view for view in there if view not in views]:
        notes.append(
            f"Of the nine views, {_views(views)} {were(len(views))} read; "
            f"{_views(others)} {'is' if len(others) == 1 else 'are'} there too, and the option "
            f"views asks for {'it' if len(others) == 1 else 'them'}."
        )
    return assemble(
        sequences, name="FERA 2017", layout="fera2017", root=root, licence=licence, notes=notes
    )


def _without_videos(views: Collection[int], there: Collection[int]) -> str:
    if not there:
        return "holds no video named like FERA17_TR_F001_T1_6.mp4 to its labels"
    return f"holds no video of {_views(views)}; it has those of {_views(there)}"


def _views(views: Collection[int]) -> str:
    return ("view " if len(views) == 1 else "views ") + ", ".join(map(str, sorted(views)))


def _key(match: re.Match[str]) -> _Key:
    return match[1].upper(), match[2].upper(), match[3].upper()


def _sequence(
    key: _Key,
    view: int,
    video: Path,
    by_au: dict[int, Codes],
    occurrence: Path | None,
    missing: frozenset[float],
    notes: list[str],
) -> LabelledSequence:
    """A video with its labels; label rows that fit no frame are told in `notes`."""
    partition, subject, task = key
    numbers, intensity = label_files.merge(by_au)
    frames = frame_count(video)
    first = first_number(numbers, frames)
    kept = frames_in_video(numbers, first, frames, by_au.values())
    name = f"{partition}_{subject}_{task}_{view}"
    notes += unplaced_note(name, kept)
    return LabelledSequence(
        name=name,
        subject=f"{partition}_{subject}",
        source=Video(video),
        numbers=numbers[kept],
        positions=numbers[kept] - first,
        intensity=intensity[kept],
        occurrence=None
        if occurrence is None
        else label_files.occurrence_rows(
            *label_files.read_occurrences(occurrence, missing), numbers[kept]
        ),
        split=PARTITIONS[partition],
    )
