"""DISFA: 27 people watching one video, filmed by two cameras.

Mavadati et al., "DISFA: a spontaneous facial action intensity database" (2013).
``ActionUnit_Labels/SN001/SN001_au1.txt`` holds rows ``frame,intensity`` that count frames from 1;
``Videos_LeftCamera/LeftVideoSN001_comp.avi`` and ``Video_RightCamera/RightVideoSN001_Comp.avi`` are
the videos. Folders and ``_comp`` are spelled in more than one way, so files are found by name,
whatever the case. There are no official splits.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from models.corpora import codes as label_files
from models.corpora.alignment import frames_in_video, unplaced_note
from models.corpora.codes import Codes
from models.corpora.copies import add_codes, add_file
from models.corpora.corpus import Corpus, LabelledSequence, assemble
from models.corpora.errors import CorpusError
from models.corpora.files import corpus_root, files_below
from models.corpora.options import CAMERAS, ReadOptions
from models.corpora.pixels import Video, frame_count
from models.corpora.wording import counted, were

LICENCE: Final = (
    "DISFA (University of Denver): for non-commercial research under the signed agreement; "
    "pictures made from it fall under the same agreement."
)
FIRST_FRAME: Final = 1
"""DISFA counts frames from 1."""

_LABELS: Final = re.compile(r"(SN\d+)_au(\d+)\.txt\Z", re.IGNORECASE)
_VIDEO: Final = re.compile(r"(Left|Right)Video(SN\d+)(?:_comp)?\.avi\Z", re.IGNORECASE)


def read(root: Path, options: ReadOptions | None = None, *, licence: str = LICENCE) -> Corpus:
    """Read the label files and pair them with the videos; no pixel is decoded.

    Of the two cameras, the one that looks from the person's left is read, or the right one of
    people who have no other, unless cameras are asked for.

    Raises:
        CorpusError: a file is wrong (by line), or nothing of the layout is below `root`.
    """
    options = options or ReadOptions()
    root = corpus_root(root)
    missing = label_files.missing_codes(options.missing)
    videos: dict[str, dict[str, Path]] = defaultdict(dict)
    labels: dict[str, dict[int, Codes]] = defaultdict(dict)
    for path in files_below(root, options.boundary):
        if match := _VIDEO.match(path.name):
            add_file(videos[match[2].upper()], match[1].lower(), path)
        elif match := _LABELS.match(path.name):
            column = label_files.au_index(int(match[2]))
            if column is not None:
                codes = label_files.read_intensities(path, missing)
                add_codes(labels[match[1].upper()], column, codes)
    if not labels:
        raise CorpusError("holds no file named like SN001/SN001_au1.txt", root)
    notes: list[str] = []
    sequences = [
        _sequence(subject, camera, videos[subject][camera], labels[subject], notes)
        for subject in sorted(labels)
        for camera in _cameras(videos[subject], options)
    ]
    if not sequences:
        asked = " or ".join(options.cameras)
        raise CorpusError(
            f"holds no video of the {asked} camera to its labels"
            if asked
            else "holds no video named like LeftVideoSN001_comp.avi to its labels",
            root,
        )
    notes += _notes(videos, labels, options)
    return assemble(
        sequences, name="DISFA", layout="disfa", root=root, licence=licence, notes=notes
    )


def _cameras(found: Mapping[str, Path], options: ReadOptions) -> Sequence[str]:
    if options.cameras:
        return [camera for camera in sorted(found) if camera in options.cameras]
    return [camera for camera in CAMERAS if camera in found][:1]


def _notes(
    videos: Mapping[str, Mapping[str, Path]],
    labels: Mapping[str, Mapping[int, Codes]],
    options: ReadOptions,
) -> list[str]:
    chosen = {subject: _cameras(videos.get(subject, {}), options) for subject in sorted(labels)}
    notes = []
    if unseen := [subject for subject, cameras in chosen.items() if not cameras]:
        notes.append(f"No video for {', '.join(unseen)}, whose labels were left out.")
    others = sum(len(videos.get(subject, {})) - len(chosen[subject]) for subject in chosen)
    if others:
        notes.append(
            f"{counted(others, 'video')} of the other camera {were(others)} not read; the option "
            f"cameras asks for {'it' if others == 1 else 'them'}."
        )
    right = [subject for subject, cameras in chosen.items() if cameras == ["right"]]
    if right and not options.cameras:
        notes.append(f"Of {', '.join(right)} there is the right camera alone, which was read.")
    return notes


def _sequence(
    subject: str, camera: str, video: Path, by_au: dict[int, Codes], notes: list[str]
) -> LabelledSequence:
    """A video with its labels; label rows that fit no frame are told in `notes`."""
    numbers, intensity = label_files.merge(by_au)
    kept = frames_in_video(numbers, FIRST_FRAME, frame_count(video), by_au.values())
    name = f"{subject}_{camera}"
    notes += unplaced_note(name, kept)
    return LabelledSequence(
        name=name,
        subject=subject,
        source=Video(video),
        numbers=numbers[kept],
        positions=numbers[kept] - FIRST_FRAME,
        intensity=intensity[kept],
    )
