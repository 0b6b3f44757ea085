"""Similarity transforms between point sets, and the head pose they give.

Umeyama, "Least-squares estimation of transformation parameters between two point patterns",
IEEE PAMI 13 (1991).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.registration.face import FloatArray

DoubleArray = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Similarity:
    """Rotation, uniform scale and translation: ``target = scale * source @ rotation.T + offset``.

    `rotation` is float64 (D, D) with determinant 1, `offset` float64 (D,).
    """

    rotation: DoubleArray
    scale: float
    offset: DoubleArray

    @property
    def matrix(self) -> DoubleArray:
        """Rotation times scale."""
        return self.scale * self.rotation

    def apply(self, points: npt.NDArray[np.floating]) -> DoubleArray:
        """(..., D) source points -> target points."""
        return np.asarray(points @ self.matrix.T + self.offset, np.float64)

    def inverse(self) -> Similarity:
        """The transform back from target to source."""
        return Similarity(
            self.rotation.T, 1 / self.scale, -(self.offset @ self.rotation) / self.scale
        )


def fit_similarity(
    source: npt.NDArray[np.floating],
    target: npt.NDArray[np.floating],
    weights: FloatArray | DoubleArray | None = None,
) -> Similarity:
    """The similarity that brings `source` nearest to `target`, both (N, D), never a reflection.

    Nearest means the least weighted sum of squared distances; weights are (N,), 1 when None.

    Raises:
        ValueError: the shapes differ, or the points leave the transform undetermined.
    """
    if source.shape != target.shape or source.ndim != 2:
        raise ValueError(f"two (N, D) arrays of one shape wanted: {source.shape}, {target.shape}")
    share = np.ones(len(source)) if weights is None else np.asarray(weights, np.float64)
    share = share / share.sum()
    source_mean, target_mean = share @ source, share @ target
    centred = source - source_mean
    covariance = (target - target_mean).T @ (share[:, None] * centred)
    left, singular, right = np.linalg.svd(covariance)
    if singular[-2] <= 1e-12 * max(singular[0], 1e-300):
        raise ValueError("the points lie on a line; no rotation can be told from them")
    signs = np.ones(len(singular))
    signs[-1] = np.sign(np.linalg.det(left) * np.linalg.det(right))
    rotation = (left * signs) @ right
    scale = float(singular @ signs / (share @ (centred**2).sum(1)))
    return Similarity(rotation, scale, target_mean - scale * rotation @ source_mean)
