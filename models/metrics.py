"""How well intensities are read: ICC(3,1), MAE, 2AFC, F1, rank correlation, confusion; and FID.

The former take true and read values of one AU as vectors of the same length. What is undefined is
NaN, never a number that looks like a result; whoever averages says over how many.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.facs import LEVELS, Level, level_indices, presence

FloatArray = npt.NDArray[np.float32]
Vector = npt.NDArray[np.float32] | npt.NDArray[np.float64]


def icc31(true: Vector, read: Vector) -> float:
    """ICC(3,1), consistency of two fixed raters: (MSB - MSE) / (MSB + MSE).

    Shrout & Fleiss (1979), case 3, k = 2. A constant offset between the two costs nothing, a
    different spread does. NaN if both are constant (there is no variance to share) or fewer than
    two are given.
    """
    first, second = _checked(true, read)
    count = len(first)
    if count < 2:
        return float("nan")
    ratings = np.stack([first, second], axis=1)
    means = ratings.mean(axis=1, keepdims=True)
    raters = ratings.mean(axis=0, keepdims=True)
    grand = ratings.mean()
    between = 2 * float(((means - grand) ** 2).sum()) / (count - 1)
    error = float(((ratings - means - raters + grand) ** 2).sum()) / (count - 1)
    scale = max(float(np.abs(ratings).max()) ** 2, 1.0)
    if between + error <= 1e-12 * scale:
        return float("nan")
    return (between - error) / (between + error)


def mae(true: Vector, read: Vector) -> float:
    """Mean absolute error; NaN for no values."""
    first, second = _checked(true, read)
    return float(np.abs(first - second).mean()) if len(first) else float("nan")


def two_afc(true: Vector, read: Vector, at_least: Level = "A") -> float:
    """Chance that a face with the AU (truly `at_least`) reads higher than one without; ties half.

    The area under the ROC curve, as Mann & Whitney's U. NaN if either kind is missing.
    """
    first, second = _checked(true, read)
    present = presence(first, at_least)
    hits, others = second[present], np.sort(second[~present])
    if not len(hits) or not len(others):
        return float("nan")
    below = np.searchsorted(others, hits, side="left")
    up_to = np.searchsorted(others, hits, side="right")
    return float((below + up_to).mean() / 2 / len(others))


def f1(true: Vector, read: Vector, at_least: Level = "A") -> float:
    """F1 of presence, both sides by `facs.presence`; NaN if the AU is in neither."""
    first, second = _checked(true, read)
    truly = presence(first, at_least)
    found = presence(second, at_least)
    either = int(truly.sum()) + int(found.sum())
    return 2 * int((truly & found).sum()) / either if either else float("nan")


def confusion(true: Vector, read: Vector) -> npt.NDArray[np.int64]:
    """(6, 6) counts: rows true levels 0, A..E, columns read levels, by `facs`."""
    first, second = _checked(true, read)
    rows = level_indices(first).astype(np.int64)
    columns = level_indices(second).astype(np.int64)
    size = len(LEVELS)
    return np.bincount(rows * size + columns, minlength=size * size).reshape(size, size)


def ranks(values: Vector) -> npt.NDArray[np.float64]:
    """Ranks of N values over N - 1: 0 for the least to 1; equal values share theirs."""
    order = np.sort(values)
    below = np.searchsorted(order, values, side="left")
    upto = np.searchsorted(order, values, side="right")
    return np.asarray((below + upto - 1) / 2 / max(1, len(values) - 1), np.float64)


def spearman(one: Vector, other: Vector) -> float:
    """Rank correlation, -1 to 1, ties sharing their ranks; NaN where either does not vary."""
    first, second = _checked(one, other)
    if len(first) < 2:
        return float("nan")
    first, second = (ranks(values) - 0.5 for values in (first, second))
    first, second = first - first.mean(), second - second.mean()
    scale = float(np.sqrt((first**2).sum() * (second**2).sum()))
    return float((first * second).sum()) / scale if scale else float("nan")


@dataclass(frozen=True)
class Mean:
    """An average and what it leaves out."""

    value: float
    defined: int
    undefined: int


def per_column(
    metric: Callable[[Vector, Vector], float], true: FloatArray, read: FloatArray
) -> list[float]:
    """`metric` of each column of (N, A) arrays over the rows whose truth is known (not NaN)."""
    if true.shape != read.shape or true.ndim != 2:
        raise ValueError(f"expected two (N, A) arrays, got {true.shape} and {read.shape}")
    known = ~np.isnan(true)
    return [metric(true[rows, column], read[rows, column]) for column, rows in enumerate(known.T)]


def mean_defined(values: list[float]) -> Mean:
    """The mean of those that are not NaN, with the number of both kinds."""
    defined = [value for value in values if not np.isnan(value)]
    mean = float(np.mean(defined)) if defined else float("nan")
    return Mean(mean, len(defined), len(values) - len(defined))


def frechet_distance(first: FloatArray, second: FloatArray) -> float:
    """|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2)) of features (N, D) and (M, D).

    FID when the features are a network's (Heusel et al. 2017, eq. 6), which makes it a number about
    that network too: say which one. Covariances of few samples make it too large; compare only what
    was measured on equally many.

    Raises:
        ValueError: fewer than two samples, other widths, or features that are not finite.
    """
    one, other = (np.asarray(features, np.float64) for features in (first, second))
    if one.ndim != 2 or other.ndim != 2 or one.shape[1] != other.shape[1]:
        raise ValueError(f"expected (N, D) and (M, D), got {one.shape} and {other.shape}")
    if min(len(one), len(other)) < 2:
        raise ValueError("a covariance needs at least two samples")
    if not (np.isfinite(one).all() and np.isfinite(other).all()):
        raise ValueError("features must be finite")
    apart = one.mean(axis=0) - other.mean(axis=0)
    c1, c2 = (np.atleast_2d(np.cov(features, rowvar=False)) for features in (one, other))
    # tr (C1 C2)^(1/2) by the symmetric C1^(1/2) C2 C1^(1/2), whose eigenvalues are the same.
    values, vectors = np.linalg.eigh(c1)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    shared = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ c2 @ root), 0)).sum()
    return float(max(apart @ apart + np.trace(c1) + np.trace(c2) - 2 * shared, 0.0))


def _checked(true: Vector, read: Vector) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    first, second = np.asarray(true, np.float64), np.asarray(read, np.float64)
    if first.ndim != 1 or first.shape != second.shape:
        raise ValueError(f"expected two vectors of one length, got {first.shape}, {second.shape}")
    if np.isnan(first).any() or np.isnan(second).any():
        raise ValueError("values that are not known must be left out first")
    return first, second
