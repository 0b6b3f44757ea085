"""The labels that planned images show: real vectors, scaled where a level was filled, jittered."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models import facs
from models.balancing.plan import ItemArray, Plan
from models.balancing.randomness import mixed

FloatArray = npt.NDArray[np.float32]
BoolArray = npt.NDArray[np.bool_]


def target_labels(plan: Plan, items: ItemArray) -> FloatArray:
    """The intensities each image is to show.

    Args:
        items: n items of `plan`.

    Returns:
        float32 (n, 18) by `facs.SUPPORTED_AUS`, 0..5. NaN where the corpus did not code an AU:
        nothing is drawn there, and nothing is known of it either.
    """
    labels = plan.pool.table.intensity[items["donor"]]
    labels = _scaled(labels, items)
    return _jittered(labels, items, plan.options.jitter) if plan.options.jitter else labels


def neutral_images(plan: Plan, items: ItemArray, labels: FloatArray) -> BoolArray:
    """Which images show every AU that is known of them at 0; bool (n,).

    An AU of which the corpus codes presence alone is in no label, and no drawing takes it off the
    source frame: where it is present there, the image is not neutral.

    Args:
        labels: float32 (n, 18), see `target_labels`.
    """
    table, sources = plan.pool.table, items["source"]
    unlabelled = (table.occurrence[sources] == 1) & np.isnan(table.intensity[sources])
    resting = (np.nan_to_num(labels) == 0).all(axis=1) & ~np.isnan(labels).all(axis=1)
    return np.asarray(resting & ~unlabelled.any(axis=1), np.bool_)


def source_labels(plan: Plan, items: ItemArray) -> FloatArray:
    """The intensities each image's source frame shows already; float32 (n, 18), NaN not coded."""
    return np.asarray(plan.pool.table.intensity[items["source"]], np.float32)


def drawable(labels: FloatArray) -> FloatArray:
    """(n, 18) labels as the (n, 18, 2) targets that generators take: both sides, unknown as 0."""
    return np.repeat(np.nan_to_num(labels)[:, :, None], len(facs.SIDES), axis=2)


def _scaled(labels: FloatArray, items: ItemArray) -> FloatArray:
    """Vectors of filled cells, scaled until their AU is at the cell's level."""
    labels = labels.copy()
    rows = np.flatnonzero(items["filled"])
    columns, levels = items["au"][rows], items["level"][rows].astype(np.float32)
    factors = levels / labels[rows, columns]
    labels[rows] = np.minimum(labels[rows] * factors[:, None], facs.MAX_INTENSITY)
    labels[rows, columns] = levels
    return labels


def _jittered(labels: FloatArray, items: ItemArray, amount: float) -> FloatArray:
    """Intensities of present AUs moved by up to `amount`, within their level."""
    key = items["seed"].astype(np.uint64)[:, None] << np.uint64(8)
    columns = np.arange(len(facs.SUPPORTED_AUS), dtype=np.uint64)
    bits = mixed(np.asarray(key + columns, np.uint64))
    move = ((bits >> np.uint64(11)) * 2.0**-52 - 1) * amount
    level = facs.level_indices(labels).astype(np.float64)
    highest = np.minimum(level + 0.49, facs.MAX_INTENSITY)  # levels are of two decimals
    moved = np.clip(labels + move, level - 0.5, highest).astype(np.float32)
    return np.where(facs.presence(labels), moved, labels)
