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
from collections.abc import Collection
from pathlib import Path
from typing import Final, Literal

from models.corpora import codes as label_files
from models.corpora.alignment import frames_in_video
from models.corpora.codes import Codes
from models.corpora.corpus import Corpus, LabelledSequence, assemble
from models.corpora.errors import CorpusError
from models.corpora.files import corpus_root, files_below
from models.corpora.pixels import Video, frame_count

LICENCE: Final = (
    "DISFA (University of Denver): for non-commercial research under the signed agreement; "
    "pictures made from it fall under the same agreement."
)
FIRST_FRAME: Final = 1
"""DISFA counts frames from 1."""

Camera = Literal["left", "right"]
CAMERAS: Final[tuple[Camera, Camera]] = ("left", "right")

_LABELS: Final = re.compile(r"(SN\d+)_au(\d+)\.txt\Z", re.IGNORECASE)
_VIDEO: Final = re.compile(r"(Left|Right)Video(SN\d+)(?:_comp)?\.avi\Z", re.IGNORECASE)


def read(root: Path, *, cameras: Collection[Camera] = CAMERAS, licence: str = LICENCE) -> Corpus:
    """Read the label files and pair them with the videos of `cameras`; no pixel is decoded.

    Raises:
        CorpusError: a file is wrong (by line), or nothing of the layout is below `root`.
    """
    root = corpus_root(root)
    videos: dict[str, dict[str, Path]] = defaultdict(dict)
    labels: dict[str, dict[int, Codes]] = defaultdict(dict)
    for path in files_below(root):
        if match := _VIDEO.match(path.name):
            if match[1].lower() in cameras:
                videos[match[2].upper()][match[1].lower()] = path
        elif match := _LABELS.match(path.name):
            column = label_files.au_index(int(match[2]))
            if column is not None:
                labels[match[1].upper()][column] = label_files.read_intensities(path)
    if not labels:
        raise CorpusError("holds no file named like SN001/SN001_au1.txt", root)
    sequences = [
        _sequence(subject, camera, video, labels[subject])
        for subject in sorted(labels)
        for camera, video in sorted(videos[subject].items())
    ]
    if not sequences:
        raise CorpusError("holds no video named like LeftVideoSN001_comp.avi to its labels", root)
    notes = []
    if unseen := [subject for subject in sorted(labels) if not videos[subject]]:
        notes.append(f"No video for {', '.join(unseen)}, whose labels were left out.")
    return assemble(
        sequences, name="DISFA", layout="disfa", root=root, licence=licence, notes=notes
    )


def _sequence(subject: str, camera: str, video: Path, by_au: dict[int, Codes]) -> LabelledSequence:
    numbers, intensity = label_files.merge(by_au)
    kept = frames_in_video(numbers, FIRST_FRAME, frame_count(video), by_au.values())
    return LabelledSequence(
        name=f"{subject}_{camera}",
        subject=subject,
        source=Video(video),
        numbers=numbers[kept],
        positions=numbers[kept] - FIRST_FRAME,
        intensity=intensity[kept],
    )
