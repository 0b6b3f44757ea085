"""Plans a balanced set: which source frame is drawn with which label vector, image by image.

A plan is a pure function of labels and options. Any worker can compute any stretch of it alone,
cell by cell, and all get the same; 16 bytes an image, so 210,000 images take 3.4 MB.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from models import facs
from models.balancing.draw import draw_pairs, pair_capacity
from models.balancing.options import (
    BalanceError,
    BalanceOptions,
    EmptyPlanError,
    Quota,
    check_options,
)
from models.balancing.pool import CellPool, FramePool, cell_pool, donor_frames, frame_pool
from models.balancing.randomness import Stream
from models.balancing.shares import shares_with_repeats
from models.corpora.table import LabelTable

Method = Literal["semantic", "resampled"]
"""``semantic`` pairs source frames with label vectors to be synthesised; ``resampled`` is the
baseline, real frames over- and under-sampled."""

ITEM: Final = np.dtype(
    [
        ("source", "<i4"),
        ("donor", "<i4"),
        ("au", "i1"),
        ("level", "i1"),
        ("pose", "i1"),
        ("filled", "?"),
        ("seed", "<u4"),
    ]
)
"""One image: the frame it is drawn from, the frame whose labels it shows, the cell (column in the
vocabulary, level) it was drawn for, index of its pose, whether the labels were scaled to reach
the level, and the seed of whatever is random in it."""

ItemArray = npt.NDArray[np.void]

_STREAMS: Final[dict[Method, int]] = {"semantic": 1, "resampled": 2}


@dataclass(frozen=True)
class Cell:
    """What a plan makes of one cell.

    Attributes:
        au, level: which cell.
        requested, planned: images asked for and planned.
        distinct: different images among the planned, before pose and jitter.
        source_frames, source_subjects: how many there are to draw from.
        donor_frames, vectors: frames that show the AU at the level, and their different vectors.
        filled_from: the level whose vectors are scaled, where the cell was filled.
        note: why less was planned than asked for, or what was repeated or scaled; may be empty.
    """

    au: str
    level: int
    requested: int
    planned: int
    distinct: int
    source_frames: int
    source_subjects: int
    donor_frames: int
    vectors: int
    filled_from: int | None
    note: str


@dataclass(frozen=True, eq=False)
class Plan:
    """A planned set. Make one with `make_plan`.

    Attributes:
        cells: what is planned for every cell, in the order of the images.
        offsets: int64 (cells + 1,), the first image of each cell.
    """

    options: BalanceOptions
    method: Method
    pool: FramePool
    cells: tuple[Cell, ...]
    offsets: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return int(self.offsets[-1])

    def items(self, start: int = 0, stop: int | None = None) -> ItemArray:
        """Images `start` to `stop` as a structured array of dtype `ITEM`.

        Only the cells that the stretch touches are drawn.
        """
        stop = len(self) if stop is None else min(stop, len(self))
        parts = []
        for number, (begin, end) in enumerate(zip(self.offsets, self.offsets[1:], strict=False)):
            if begin < stop and end > start:
                drawn = self._draw(number)
                parts.append(drawn[max(start - int(begin), 0) : stop - int(begin)])
        return np.concatenate(parts) if parts else np.zeros(0, ITEM)

    def _draw(self, number: int) -> ItemArray:
        column, level = self.options.cells[number]
        stream = Stream(self.options.seed, _STREAMS[self.method], column, level)
        cell = _cell_pool(self.pool, self.method, self.options, column, level)
        capacity = _capacity(cell, self.method, len(self.pool.table.subjects))
        shares = shares_with_repeats(
            self.options.per_cell,
            capacity,
            _cell_cap(self.options),
            stream.order(len(capacity)),
        )
        if self.method == "semantic":
            sources, donors = draw_pairs(cell, shares, stream)
        else:
            sources = donors = _draw_frames(cell, shares, stream)
        return _assemble(cell, sources, donors, column, level, len(self.options.poses), stream)


def make_plan(
    table: LabelTable,
    options: BalanceOptions,
    *,
    method: Method = "semantic",
    quota: Quota | None = None,
    labels: LabelTable | None = None,
) -> Plan:
    """Plan a balanced set; nothing is drawn yet.

    Args:
        table: of the frames to draw on.
        labels: of another corpus, whose label vectors are drawn instead of the table's own.

    Raises:
        BalanceError: options make no sense, for this corpus or any, or ask for too much; or not
            one image can be made.
    """
    if labels is not None and method != "semantic":
        raise BalanceError("labels of another corpus can only be drawn, not resampled.", "labels")
    check_options(options, (table if labels is None else labels).coded_aus, quota)
    pool = frame_pool(table, options, labels)
    cells = tuple(_cell(pool, options, method, column, level) for column, level in options.cells)
    sizes = np.array([cell.planned for cell in cells], np.int64)
    if not sizes.any():
        raise EmptyPlanError(
            "no image of what was asked for can be made: " + " ".join(cell.note for cell in cells),
            "corpus",
        )
    return Plan(options, method, pool, cells, np.concatenate([[0], np.cumsum(sizes)]))


def _cell_cap(options: BalanceOptions) -> int | None:
    """The cap of a subject's images in one cell, so that cells need not know of each other."""
    return None if options.subject_cap is None else options.subject_cap // len(options.cells)


def _cell_pool(
    pool: FramePool, method: Method, options: BalanceOptions, column: int, level: int
) -> CellPool:
    if method == "semantic":
        return cell_pool(
            pool,
            column,
            level,
            fill=options.fill == "synthetic",
            neutral_first=options.sources == "neutral-first",
        )
    frames = donor_frames(pool, column, level)
    return CellPool(
        sources=frames,
        source_subject=pool.table.subject[frames],
        neutral=pool.neutral[frames],
        donors=frames,
        weights=np.full(len(frames), 1 / max(len(frames), 1)),
        donor_frames=len(frames),
        filled_from=None,
    )


def _capacity(cell: CellPool, method: Method, subjects: int) -> npt.NDArray[np.int64]:
    if method == "semantic":
        return pair_capacity(cell, subjects)
    return np.bincount(cell.source_subject, minlength=subjects).astype(np.int64)


def _cell(
    pool: FramePool, options: BalanceOptions, method: Method, column: int, level: int
) -> Cell:
    cell = _cell_pool(pool, method, options, column, level)
    capacity = _capacity(cell, method, len(pool.table.subjects))
    order = np.arange(len(capacity))
    requested, cap = options.per_cell, _cell_cap(options)
    shares = shares_with_repeats(requested, capacity, cap, order)
    planned = int(shares.sum())
    distinct = int(np.minimum(shares, capacity).sum())
    au = facs.SUPPORTED_AUS[column]
    return Cell(
        au=au,
        level=level,
        requested=requested,
        planned=planned,
        distinct=distinct,
        source_frames=len(cell.sources),
        source_subjects=int((np.bincount(cell.source_subject) > 0).sum()),
        donor_frames=cell.donor_frames,
        vectors=len(np.unique(pool.vector[cell.donors])),
        filled_from=cell.filled_from,
        note=_note(au, level, cell, planned, distinct, options, method),
    )


def _note(
    au: str,
    level: int,
    cell: CellPool,
    planned: int,
    distinct: int,
    options: BalanceOptions,
    method: Method,
) -> str:
    name = f"{au} at {facs.LEVELS[level]}"
    if not cell.donor_frames:
        if method == "resampled":
            return f"{name} never occurs."
        if options.fill == "none" and level > 0:
            return f"{name} never occurs; fill=synthetic would scale vectors of another level."
        return f"{name} never occurs, and there is no other level to scale from."
    if not len(cell.sources):
        return f"{name}: no frame is known to be without {au}, so there is none to draw on."
    notes = []
    if cell.filled_from is not None:
        source = facs.LEVELS[cell.filled_from]
        notes.append(f"{name} never occurs; vectors with {source} were scaled.")
    if planned < options.per_cell:
        notes.append(f"{name}: {planned} of {options.per_cell}, for the cap of images a subject.")
    if distinct < planned:
        notes.append(f"{name}: only {distinct} are different, so they repeat.")
    return " ".join(notes)


def _draw_frames(
    cell: CellPool, shares: npt.NDArray[np.int64], stream: Stream
) -> npt.NDArray[np.int32]:
    """Each subject's share of its own frames: all of them before any comes twice."""
    parts = [np.zeros(0, np.int32)]
    for subject in np.flatnonzero(shares):
        own = cell.sources[cell.source_subject == subject]
        own = own[stream.order(len(own))]
        parts.append(own[np.arange(shares[subject]) % len(own)])
    return np.concatenate(parts)


def _assemble(
    cell: CellPool,
    sources: npt.NDArray[np.int32],
    donors: npt.NDArray[np.int32],
    column: int,
    level: int,
    poses: int,
    stream: Stream,
) -> ItemArray:
    """Items in random order; poses are dealt out in turn before, so every subject has them all."""
    items = np.zeros(len(sources), ITEM)
    items["source"], items["donor"] = sources, donors
    items["au"], items["level"] = column, level
    items["pose"] = np.arange(len(sources)) % poses
    items["filled"] = cell.filled_from is not None
    items["seed"] = stream.raw(len(items)) >> np.uint64(32)
    return np.asarray(items[stream.order(len(items))], ITEM)
