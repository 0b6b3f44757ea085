"""The labels of a corpus as arrays: what balancing needs, without any pixels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from models import facs

FloatArray = npt.NDArray[np.float32]
CodeArray = npt.NDArray[np.int8]
IndexArray = npt.NDArray[np.int32]
BoolArray = npt.NDArray[np.bool_]

Split = Literal["train", "validation", "test"]
SPLITS: Final[tuple[Split, ...]] = ("train", "validation", "test")
"""The names of splits; a split is stored as its index here, -1 for none."""

UNKNOWN: Final = -1
"""Occurrence of an AU that nobody coded in a frame."""


@dataclass(frozen=True, eq=False)
class LabelTable:
    """AU labels, subject and split of N frames. Make one with `label_table`.

    Attributes:
        intensity: float32 (N, 18), 0..5 by `facs.SUPPORTED_AUS`; NaN where no intensity is coded.
        occurrence: int8 (N, 18), 1 present, 0 absent, -1 not coded. Where an intensity is known
            it follows from the intensity alone, so the two never disagree.
        subject: int32 (N,), index into `subjects`.
        subjects: the subjects' names, sorted.
        split: int8 (N,), index into `SPLITS`, -1 for none.
    """

    intensity: FloatArray
    occurrence: CodeArray
    subject: IndexArray
    subjects: tuple[str, ...]
    split: CodeArray

    def __len__(self) -> int:
        return len(self.intensity)

    @property
    def known(self) -> BoolArray:
        """(N, 18): where an intensity is coded."""
        return ~np.isnan(self.intensity)

    @property
    def coded_aus(self) -> tuple[str, ...]:
        """The AUs that have an intensity in at least one frame, in the order of the vocabulary."""
        coded = np.asarray(self.known.any(axis=0), np.bool_)
        return tuple(
            au for au, any_known in zip(facs.SUPPORTED_AUS, coded, strict=True) if any_known
        )

    @property
    def neutral(self) -> BoolArray:
        """(N,): frames where something is coded and no coded AU is above 0."""
        active = (self.occurrence == 1) | (np.nan_to_num(self.intensity) > 0)
        return np.asarray((self.occurrence >= 0).any(axis=1) & ~active.any(axis=1), np.bool_)

    def level_counts(self) -> npt.NDArray[np.int64]:
        """(18, 6): the number of frames with each AU at each intensity level."""
        levels = facs.level_indices(self.intensity)
        return np.stack(
            [(levels == level).sum(axis=0) for level in range(len(facs.LEVELS))], axis=1
        )

    def take(self, frames: npt.NDArray[np.integer] | npt.NDArray[np.bool_]) -> LabelTable:
        """The table of some frames only, by index or mask; subjects keep their numbers."""
        return replace(
            self,
            intensity=self.intensity[frames],
            occurrence=self.occurrence[frames],
            subject=self.subject[frames],
            split=self.split[frames],
        )

    def with_splits(self, splits: Mapping[str, Split]) -> LabelTable:
        """The same frames, each in the split of its subject; subjects not named are in none."""
        of_subject = np.array(
            [SPLITS.index(splits[name]) if name in splits else -1 for name in self.subjects],
            np.int8,
        )
        return replace(self, split=of_subject[self.subject])


def label_table(
    intensity: FloatArray,
    subjects: Sequence[str],
    occurrence: CodeArray | None = None,
    splits: Sequence[Split | None] | None = None,
) -> LabelTable:
    """Check and assemble a table.

    Args:
        intensity: (N, 18), 0..5 or NaN.
        subjects: N names.
        occurrence: (N, 18) codes from presence-only coding; used where no intensity is known.
        splits: N split names; none when not given.

    Raises:
        ValueError: shapes disagree, or an intensity is out of range.
    """
    count, width = len(intensity), len(facs.SUPPORTED_AUS)
    if intensity.shape != (count, width):
        raise ValueError(f"expected intensities of shape (N, {width}), got {intensity.shape}")
    if len(subjects) != count:
        raise ValueError(f"{len(subjects)} subjects for {count} frames")
    if occurrence is not None and occurrence.shape != intensity.shape:
        raise ValueError(f"expected occurrences of shape {intensity.shape}, got {occurrence.shape}")
    with np.errstate(invalid="ignore"):
        if ((intensity < 0) | (intensity > facs.MAX_INTENSITY)).any():
            raise ValueError("intensities go from 0 to 5")
    known = ~np.isnan(intensity)
    coded = np.full(intensity.shape, UNKNOWN, np.int8) if occurrence is None else occurrence
    names, index = np.unique(np.asarray(subjects, dtype=np.str_), return_inverse=True)
    numbers = [-1 if split is None else SPLITS.index(split) for split in splits or [None] * count]
    return LabelTable(
        intensity=np.ascontiguousarray(intensity, np.float32),
        occurrence=np.where(known, facs.presence(intensity), coded).astype(np.int8),
        subject=index.astype(np.int32).reshape(count),
        subjects=tuple(str(name) for name in names),
        split=np.array(numbers, np.int8),
    )


def write_table(table: LabelTable, path: Path) -> None:
    """Store a table as parquet; columns AUxx, AUxx_occurrence, subject, split."""
    columns: dict[str, pa.Array] = {
        "subject": pa.DictionaryArray.from_arrays(pa.array(table.subject), list(table.subjects)),
        "split": pa.array(table.split),
    }
    for column, au in enumerate(facs.SUPPORTED_AUS):
        columns[au] = pa.array(table.intensity[:, column], from_pandas=True)
        columns[f"{au}_occurrence"] = pa.array(table.occurrence[:, column])
    pq.write_table(pa.table(columns), path, compression="zstd")


def read_table(path: Path) -> LabelTable:
    """Read what `write_table` stored.

    Raises:
        OSError: the file cannot be read.
        pyarrow.ArrowInvalid: the file is not parquet.
        KeyError: a column is missing.
    """
    stored = pq.read_table(path)
    names = stored["subject"].to_pylist()
    intensity = np.stack(
        [stored[au].to_numpy().astype(np.float32) for au in facs.SUPPORTED_AUS], axis=1
    )
    occurrence = np.stack(
        [stored[f"{au}_occurrence"].to_numpy() for au in facs.SUPPORTED_AUS], axis=1
    )
    splits = [None if split < 0 else SPLITS[split] for split in stored["split"].to_pylist()]
    return label_table(intensity, names, occurrence.astype(np.int8), splits)
