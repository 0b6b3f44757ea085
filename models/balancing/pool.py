"""What a cell (one AU at one intensity) can draw from: source frames and label vectors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models import facs
from models.balancing.options import BalanceOptions
from models.corpora.table import SPLITS, LabelTable

IndexArray = npt.NDArray[np.int32]
BoolArray = npt.NDArray[np.bool_]
LevelArray = npt.NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class FramePool:
    """The frames a set is drawn from, with what every cell asks of them.

    Attributes:
        table: the labels.
        frames: bool (N,), frames of the splits asked for that can be drawn on.
        donors: bool (N,), frames whose labels can be drawn; those of another corpus, behind the
            frames to draw on, where labels are borrowed.
        levels: int8 (N, 18), intensity level of each AU, -1 where not coded.
        neutral: bool (N,), frames that show no coded AU.
        vector: int32 (N,), equal for frames with equal label vectors.
    """

    table: LabelTable
    frames: BoolArray
    donors: BoolArray
    levels: LevelArray
    neutral: BoolArray
    vector: IndexArray


@dataclass(frozen=True, eq=False)
class CellPool:
    """What one cell draws from.

    Attributes:
        sources: int32 (S,), frames in which the AU is absent, by subject, neutral ones first.
        source_subject: int32 (S,).
        neutral: bool (S,), sources that are used before the others.
        donors: int32 (V,), one frame for each different label vector with the AU at the level.
        weights: float64 (V,), how often each vector occurs, every subject counting alike; sums
            to 1.
        donor_frames: number of frames behind the vectors.
        filled_from: the level the vectors are of, where they have to be scaled; None otherwise.
    """

    sources: IndexArray
    source_subject: IndexArray
    neutral: BoolArray
    donors: IndexArray
    weights: npt.NDArray[np.float64]
    donor_frames: int
    filled_from: int | None


def frame_pool(
    table: LabelTable, options: BalanceOptions, labels: LabelTable | None = None
) -> FramePool:
    """Everything that is the same for all cells of a set.

    Args:
        labels: of another corpus, to be drawn on the frames of `table` instead of its own.
    """
    frames = _of_splits(table, options)
    donors = frames
    if labels is not None:
        here, there = np.zeros(len(table), np.bool_), np.zeros(len(labels), np.bool_)
        donors = np.concatenate([here, _of_splits(labels, options)])
        frames = np.concatenate([frames, there])
        table = joined(table, labels)
    rows = np.ascontiguousarray(np.nan_to_num(table.intensity, nan=-1.0) + 0.0)
    keys = rows.view(np.dtype((np.void, rows.dtype.itemsize * rows.shape[1]))).reshape(len(rows))
    _, vector = np.unique(keys, return_inverse=True)
    return FramePool(
        table=table,
        frames=frames,
        donors=donors,
        levels=facs.level_indices(table.intensity),
        neutral=table.neutral,
        vector=vector.astype(np.int32).reshape(len(rows)),
    )


def joined(table: LabelTable, labels: LabelTable) -> LabelTable:
    """Frames of two corpora, those of `table` first; nobody in one is anybody in the other."""
    return LabelTable(
        np.concatenate([table.intensity, labels.intensity]),
        np.concatenate([table.occurrence, labels.occurrence]),
        np.concatenate([table.subject, labels.subject + len(table.subjects)]),
        table.subjects + labels.subjects,
        np.concatenate([table.split, labels.split]),
    )


def _of_splits(table: LabelTable, options: BalanceOptions) -> BoolArray:
    if not options.splits:
        return np.ones(len(table), np.bool_)
    return np.isin(table.split, [SPLITS.index(split) for split in options.splits])


def source_frames(pool: FramePool, column: int) -> IndexArray:
    """Frames in which an AU is known to be absent, by subject and neutral ones first."""
    absent = (pool.table.occurrence[:, column] == 0) & (pool.levels[:, column] < 1) & pool.frames
    found = np.flatnonzero(absent)
    order = np.lexsort((found, ~pool.neutral[found], pool.table.subject[found]))
    return found[order].astype(np.int32)


def donor_frames(pool: FramePool, column: int, level: int) -> IndexArray:
    """Frames that show an AU at a level."""
    return np.flatnonzero((pool.levels[:, column] == level) & pool.donors).astype(np.int32)


def nearest_level(pool: FramePool, column: int, level: int) -> int | None:
    """The nearest level above 0 at which an AU occurs, the higher of two; None if at none."""
    occurring = [
        other for other in range(1, len(facs.LEVELS)) if len(donor_frames(pool, column, other))
    ]
    return min(occurring, key=lambda other: (abs(other - level), -other), default=None)


def cell_pool(
    pool: FramePool, column: int, level: int, *, fill: bool, neutral_first: bool = True
) -> CellPool:
    """What the cell of AU `column` at `level` can draw from; empty arrays where it has nothing."""
    sources = source_frames(pool, column)
    donors = donor_frames(pool, column, level)
    filled_from = None
    if fill and level > 0 and not len(donors):
        filled_from = nearest_level(pool, column, level)
        if filled_from is not None:
            donors = donor_frames(pool, column, filled_from)
    subject = pool.table.subject
    counts = np.bincount(subject[donors], minlength=len(pool.table.subjects))
    each = 1.0 / (counts[subject[donors]] * max(int((counts > 0).sum()), 1))
    _, first, inverse = np.unique(pool.vector[donors], return_index=True, return_inverse=True)
    return CellPool(
        sources=sources,
        source_subject=subject[sources],
        neutral=pool.neutral[sources] & neutral_first,
        donors=donors[first],
        weights=np.bincount(inverse.reshape(-1), weights=each, minlength=len(first)).astype(
            np.float64
        ),
        donor_frames=len(donors),
        filled_from=filled_from,
    )
