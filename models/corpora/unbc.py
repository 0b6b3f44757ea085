"""UNBC-McMaster shoulder pain: 25 people moving a hurting shoulder, as PNG frames.

Lucey et al., "Painful data: the UNBC-McMaster shoulder pain expression archive database" (2011).
``Frame_Labels/FACS/<subject>/<sequence>/<frame>_facs.txt`` holds rows ``AU intensity x y`` in
scientific notation, ``Images/<subject>/<sequence>/<frame>.png`` the picture. An empty file is a
frame that was coded and shows no AU. ``Frame_Labels/PSPI`` has files of the same names with pain
scores: they are not read. There are no official splits (the literature leaves one person out).
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from pathlib import Path
from typing import Final

import numpy as np

from models import facs
from models.corpora import codes as label_files
from models.corpora.corpus import Corpus, LabelledSequence, assemble
from models.corpora.errors import CorpusError
from models.corpora.files import corpus_root, files_below
from models.corpora.options import ReadOptions
from models.corpora.pixels import Pictures
from models.corpora.table import FloatArray
from models.images import PHOTO_SUFFIXES

LICENCE: Final = (
    "UNBC-McMaster Shoulder Pain Expression Archive (University of Northern British Columbia, "
    "McMaster University): for non-commercial research under the signed agreement; pictures made "
    "from it fall under the same agreement."
)
CODED_AUS: Final = (4, 6, 7, 9, 10, 12, 20, 25, 26, 43)
"""The AUs coded in every frame, of those in the vocabulary."""
CLOSED_EYES: Final = 43
"""AU43 is coded as 0 or 1 only: eyes open or closed. Closed is read as the full intensity, 5."""

_SUFFIX: Final = "_facs.txt"


def read(root: Path, options: ReadOptions | None = None, *, licence: str = LICENCE) -> Corpus:
    """Read the label files and pair them with the pictures; no pixel is decoded.

    Raises:
        CorpusError: a file is wrong (by line), or nothing of the layout is below `root`.
    """
    options = options or ReadOptions()
    root = corpus_root(root)
    labels: dict[tuple[str, str], dict[str, Path]] = defaultdict(dict)
    pictures: dict[tuple[str, str], dict[str, Path]] = defaultdict(dict)
    for path in files_below(root, options.boundary):
        folders = path.parent.parts
        if len(folders) < 3:
            continue
        kind, subject, sequence = folders[-3:]
        if kind.lower() == "facs" and path.name.lower().endswith(_SUFFIX):
            labels[subject, sequence][path.name[: -len(_SUFFIX)]] = path
        elif kind.lower() == "images" and path.suffix.lower() in PHOTO_SUFFIXES:
            pictures[subject, sequence][path.stem] = path
    if not labels:
        raise CorpusError(
            "holds no file like Frame_Labels/FACS/<subject>/<sequence>/…_facs.txt", root
        )
    unsupported: Counter[int] = Counter()
    sequences = []
    unseen = 0
    for (subject, sequence), files in sorted(labels.items()):
        seen = pictures[subject, sequence]
        frames = sorted(frame for frame in files if frame in seen)
        unseen += len(files) - len(frames)
        if not frames:
            continue
        sequences.append(
            LabelledSequence(
                name=f"{subject}/{sequence}",
                subject=subject,
                source=Pictures(
                    seen[frames[0]].parent, tuple(seen[frame].name for frame in frames)
                ),
                numbers=_numbers(frames),
                positions=np.arange(len(frames), dtype=np.int32),
                intensity=np.stack([_labels(files[frame], unsupported) for frame in frames]),
            )
        )
    if not sequences:
        raise CorpusError("holds no picture like Images/<subject>/<sequence>/….png", root)
    notes = [f"AU43 (eyes closed) is coded as 0 or 1; 1 was read as {facs.MAX_INTENSITY:g}."]
    if unseen:
        notes.append(f"{unseen} coded frames have no picture and were left out.")
    if unsupported:
        counts = ", ".join(f"AU{au:02d} in {count}" for au, count in sorted(unsupported.items()))
        notes.append(f"AUs outside the vocabulary were left out of frames: {counts}.")
    return assemble(
        sequences, name="UNBC-McMaster", layout="unbc", root=root, licence=licence, notes=notes
    )


def _labels(path: Path, unsupported: Counter[int]) -> FloatArray:
    """float32 (18,): intensities of one frame, NaN for AUs that are not coded in this corpus."""
    labels = np.full(len(facs.SUPPORTED_AUS), np.nan, np.float32)
    for au in CODED_AUS:
        labels[label_files.au_index(au)] = 0
    for line, text in enumerate(label_files.text_lines(path), 1):
        cells = text.split()
        if not cells:
            continue
        if len(cells) < 2:
            raise CorpusError("has one column where AU and intensity were expected", path, line)
        try:
            number, intensity = float(cells[0]), float(cells[1])
        except ValueError as error:
            raise CorpusError(f"{text.strip()!r} is not a row of numbers", path, line) from error
        if not math.isfinite(number) or number != int(number):
            raise CorpusError(f"{cells[0]} is no AU number", path, line)
        if not 0 <= intensity <= facs.MAX_INTENSITY:
            raise CorpusError(f"{intensity:g} is no intensity: 0 to 5", path, line)
        column = label_files.au_index(int(number))
        if column is None:
            unsupported[int(number)] += 1
        elif int(number) == CLOSED_EYES:
            labels[column] = facs.MAX_INTENSITY if intensity > 0 else 0
        else:
            labels[column] = intensity
    return labels


def _numbers(frames: list[str]) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    """The number each frame's name ends in; the place in the sequence where it ends in none."""
    numbers = []
    for place, frame in enumerate(frames):
        digits = frame[len(frame.rstrip("0123456789")) :]
        numbers.append(int(digits) if 0 < len(digits) < 10 else place)
    return np.array(numbers, np.int32)
