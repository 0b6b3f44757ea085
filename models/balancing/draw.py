"""Draws the pairs of one cell: a source frame and the label vector to draw on it."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from models.balancing.pool import CellPool
from models.balancing.randomness import Stream

IndexArray = npt.NDArray[np.int32]
CountArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

_KEYS_AT_ONCE: Final = 2_000_000
"""Random keys in memory: 2,000,000 x 8 B x 3 arrays = 48 MB, however large a cell is."""


def pair_capacity(cell: CellPool, subjects: int) -> CountArray:
    """int64 (subjects,): the different pairs of a source frame and a vector each subject has."""
    return np.bincount(cell.source_subject, minlength=subjects).astype(np.int64) * len(cell.donors)


def draw_pairs(cell: CellPool, shares: CountArray, stream: Stream) -> tuple[IndexArray, IndexArray]:
    """Draw each subject's share of pairs.

    A subject's sources are taken in turn, those that come first (`CellPool.neutral`) until all
    their pairs are used up, then the others; no pair comes twice before every pair of that subject
    came once. Vectors come as often as they do in the corpus, every donor subject counting alike.

    Args:
        shares: int64 (subjects,), images of each subject.

    Returns:
        int32 source frames and int32 donor frames, subject by subject.
    """
    sources: list[IndexArray] = []
    passes: list[CountArray] = []
    for subject in np.flatnonzero(shares):
        own = np.flatnonzero(cell.source_subject == subject)
        place, turn = _turns(cell.neutral[own], int(shares[subject]), len(cell.donors), stream)
        sources.append(own[place].astype(np.int32))
        passes.append(turn)
    if not sources:
        return np.zeros(0, np.int32), np.zeros(0, np.int32)
    chosen = np.concatenate(sources)
    vectors = _vectors(cell.weights, chosen, np.concatenate(passes), stream)
    return cell.sources[chosen], cell.donors[vectors]


def _turns(
    neutral: npt.NDArray[np.bool_], share: int, vectors: int, stream: Stream
) -> tuple[npt.NDArray[np.intp], CountArray]:
    """Which of a subject's sources each image uses, and how many times it was used before."""
    quiet, active = np.flatnonzero(neutral), np.flatnonzero(~neutral)
    quiet, active = quiet[stream.order(len(quiet))], active[stream.order(len(active))]
    image = np.arange(share, dtype=np.int64) % ((len(quiet) + len(active)) * vectors)
    first = image < len(quiet) * vectors
    image[~first] -= len(quiet) * vectors
    place = np.empty(share, np.intp)
    turn = np.empty(share, np.int64)
    for mask, tier in ((first, quiet), (~first, active)):
        if mask.any():
            place[mask] = tier[image[mask] % len(tier)]
            turn[mask] = image[mask] // len(tier)
    return place, turn


def _vectors(
    weights: FloatArray, sources: npt.NDArray[np.integer], turns: CountArray, stream: Stream
) -> npt.NDArray[np.intp]:
    """The vector of each image: for one source, the k-th turn gets the k-th of its own order."""
    chosen = np.empty(len(sources), np.intp)
    last_turn = np.zeros(int(sources.max()) + 1, np.int64)
    np.maximum.at(last_turn, sources, turns)
    once = last_turn[sources] == 0
    chosen[once] = _stratified(weights, int(once.sum()), stream)
    rest = np.flatnonzero(~once)
    rows, row_of = np.unique(sources[rest], return_inverse=True)
    row_of = row_of.reshape(-1)
    step = max(_KEYS_AT_ONCE // len(weights), 1)
    for start in range(0, len(rows), step):
        stop = min(start + step, len(rows))
        orders = _weighted_orders(weights, stop - start, int(turns[rest].max()) + 1, stream)
        here = (row_of >= start) & (row_of < stop)
        chosen[rest[here]] = orders[row_of[here] - start, turns[rest[here]]]
    return chosen


def _stratified(weights: FloatArray, count: int, stream: Stream) -> npt.NDArray[np.intp]:
    """`count` independent draws by weight, each from its own equal share of the distribution."""
    if not count:
        return np.zeros(0, np.intp)
    points = (stream.order(count) + stream.uniform(count)) / count
    edges = np.cumsum(weights)
    return np.minimum(np.searchsorted(edges / edges[-1], points, side="right"), len(weights) - 1)


def _weighted_orders(
    weights: FloatArray, rows: int, length: int, stream: Stream
) -> npt.NDArray[np.intp]:
    """`rows` orders of the vectors, drawn by weight without replacement (Efraimidis & Spirakis
    2006): ascending exponential keys with rate equal to the weight. (rows, length)
    """
    uniform = stream.uniform(rows * len(weights)).reshape(rows, len(weights))
    keys = -np.log1p(-uniform) / weights
    length = min(length, len(weights))
    if length < len(weights):
        nearest = np.argpartition(keys, length - 1, axis=1)[:, :length]
        order = np.argsort(np.take_along_axis(keys, nearest, axis=1), axis=1, kind="stable")
        return np.take_along_axis(nearest, order, axis=1)
    return np.argsort(keys, axis=1, kind="stable")
