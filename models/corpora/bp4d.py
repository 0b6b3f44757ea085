"""BP4D: 41 people, eight tasks each, as JPEG frames.

Zhang et al., "BP4D-Spontaneous: a high-resolution spontaneous 3D dynamic facial expression
database" (2014). ``AU_INT/AU06/F001_T1_AU06.csv`` holds intensities of one AU (9 is missing),
``AU_OCC/F001_T1.csv`` occurrences, ``F001/T1/0000.jpg`` a frame. A label's frame number is the
number in the picture's name; its zero padding differs from folder to folder, so names are read
as numbers. Official splits are FERA 2015's.
"""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path
from typing import Final

import numpy as np

from models.corpora import codes as label_files
from models.corpora.codes import Codes
from models.corpora.copies import add_codes, add_file
from models.corpora.corpus import Corpus, LabelledSequence, assemble
from models.corpora.errors import CorpusError
from models.corpora.files import corpus_root, files_below
from models.corpora.options import ReadOptions
from models.corpora.pixels import Pictures
from models.corpora.splits import bp4d_split
from models.images import PHOTO_SUFFIXES

LICENCE: Final = (
    "BP4D-Spontaneous (Binghamton University, University of Pittsburgh): for non-commercial "
    "research under the signed licence agreement; pictures made from it fall under the same "
    "agreement."
)

_INTENSITY: Final = re.compile(r"([FM]\d+)_(T\d+)_AU(\d+)\.csv\Z", re.IGNORECASE)
_OCCURRENCE: Final = re.compile(r"([FM]\d+)_(T\d+)\.csv\Z", re.IGNORECASE)
_SUBJECT: Final = re.compile(r"[FM]\d+\Z", re.IGNORECASE)
_TASK: Final = re.compile(r"T\d+\Z", re.IGNORECASE)

_Key = tuple[str, str]
"""Subject and task."""


def read(root: Path, options: ReadOptions | None = None, *, licence: str = LICENCE) -> Corpus:
    """Read the label files and pair them with the pictures; no pixel is decoded.

    Raises:
        CorpusError: a file is wrong (by line), or nothing of the layout is below `root`.
    """
    options = options or ReadOptions()
    root = corpus_root(root)
    missing = label_files.missing_codes(options.missing)
    pictures: dict[_Key, dict[int, Path]] = defaultdict(dict)
    intensities: dict[_Key, dict[int, Codes]] = defaultdict(dict)
    occurrences: dict[_Key, Path] = {}
    for path in files_below(root, options.boundary):
        if path.suffix.lower() in PHOTO_SUFFIXES:
            _add_picture(pictures, path)
        elif match := _INTENSITY.match(path.name):
            column = label_files.au_index(int(match[3]))
            if column is not None:
                key = (match[1].upper(), match[2].upper())
                add_codes(intensities[key], column, label_files.read_intensities(path, missing))
        elif match := _OCCURRENCE.match(path.name):
            add_file(occurrences, (match[1].upper(), match[2].upper()), path)
    if not intensities:
        raise CorpusError("holds no file named like AU_INT/AU06/F001_T1_AU06.csv", root)
    sequences = []
    unseen = 0
    for key in sorted(intensities):
        found, without = _sequence(
            key, pictures[key], intensities[key], occurrences.get(key), missing
        )
        unseen += without
        if found is not None:
            sequences.append(found)
    if not sequences:
        raise CorpusError("holds no picture named like F001/T1/0000.jpg to its labels", root)
    notes = [f"{unseen:,} coded frames have no picture and were left out."] if unseen else []
    return assemble(sequences, name="BP4D", layout="bp4d", root=root, licence=licence, notes=notes)


def _add_picture(pictures: dict[_Key, dict[int, Path]], path: Path) -> None:
    task, subject = path.parent.name, path.parent.parent.name
    if not (_TASK.match(task) and _SUBJECT.match(subject) and path.stem.isascii()):
        return
    if not path.stem.isdigit():
        return
    numbered = pictures[subject.upper(), task.upper()]
    number = int(path.stem)
    if number in numbered:
        raise CorpusError(f"and {numbered[number].name} are both frame {number}", path)
    numbered[number] = path


def _sequence(
    key: _Key,
    pictures: dict[int, Path],
    by_au: dict[int, Codes],
    occurrence: Path | None,
    missing: frozenset[float],
) -> tuple[LabelledSequence | None, int]:
    subject, task = key
    numbers, intensity = label_files.merge(by_au)
    kept = np.array([int(number) in pictures for number in numbers], np.bool_)
    if not kept.any():
        return None, len(numbers)
    files = [pictures[int(number)] for number in numbers[kept]]
    found = LabelledSequence(
        name=f"{subject}_{task}",
        subject=subject,
        source=Pictures(files[0].parent, tuple(file.name for file in files)),
        numbers=numbers[kept],
        positions=np.arange(len(files), dtype=np.int32),
        intensity=intensity[kept],
        occurrence=None
        if occurrence is None
        else label_files.occurrence_rows(
            *label_files.read_occurrences(occurrence, missing), numbers[kept]
        ),
        split=bp4d_split(subject),
    )
    return found, int((~kept).sum())
