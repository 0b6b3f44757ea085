"""Similarity transforms between point sets, and a mesh's rigid alignment to the canonical face.

Umeyama, "Least-squares estimation of transformation parameters between two point patterns",
IEEE PAMI 13 (1991).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from models.registration.canonical import canonical_face
from models.registration.contours import EYE_CORNERS, LEFT_EYE, NOSE_BASE, RIGHT_EYE
from models.registration.face import FloatArray, Pose, View
from models.registration.headpose import pose_of_rotation, rotation

DoubleArray = npt.NDArray[np.float64]

_BROW_BAND: Final = (-0.95, -0.56)
"""Heights, in the canonical frame, between which brows lie and rise."""
_FOREHEAD_WEIGHT: Final = 0.1
_MOVING_WEIGHT: Final = 0.02


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


@lru_cache(maxsize=1)
def rigid_weights() -> DoubleArray:
    """float64 (468,): how far each vertex keeps its place on the skull when the face moves.

    Nose, eye corners, temples and cheekbones count in full. The forehead, which rises with the
    brows, counts little; brows and lids hardly, and nothing below the nose does: a jaw that drops
    or a brow that rises must not read as a nod.
    """
    face = canonical_face()
    height = face.mesh[:, 1]
    weights = np.ones(len(height))
    weights[height < _BROW_BAND[1]] = _FOREHEAD_WEIGHT
    weights[(height > _BROW_BAND[0]) & (height < _BROW_BAND[1])] = _MOVING_WEIGHT
    lids = {*RIGHT_EYE.upper, *RIGHT_EYE.lower, *LEFT_EYE.upper, *LEFT_EYE.lower}
    weights[sorted(lids - set(EYE_CORNERS))] = _MOVING_WEIGHT
    weights[height > face.mesh[list(NOSE_BASE), 1].max()] = 0.0
    weights.setflags(write=False)
    return weights


def align_to_canonical(points: FloatArray) -> tuple[FloatArray, View]:
    """Take head turn, size and place out of a mesh, and keep the person's own shape.

    The network's depths fall short on turned heads, so yaw is read from how depth shifts points
    across the image, and the depths are then brought to agree with that turn. On neutral faces
    re-rendered at 40 degrees of yaw this leaves 0.033 inter-ocular distances between the mesh and
    the one registered from the front, where a rigid fit to the depths as they are leaves 0.043.

    Args:
        points: (468, 3) in photo pixels.

    Returns:
        float32 (468, 3), the mesh in the canonical frame, and the view that takes it back to
        the x and y of `points`, and to its own depths.
    """
    weights = rigid_weights()
    model = canonical_face().mesh.astype(np.float64)
    target = np.asarray(points, np.float64)
    rigid = pose_of_rotation(fit_similarity(model, target, weights).rotation)
    pose = replace(rigid, yaw=_yaw_from_parallax(model, target, rigid, weights))
    fit = _fit_in_image(model, target, rotation(pose), weights)
    deepened = np.column_stack(
        [target[:, :2], _consistent_depth(fit.apply(model), target, weights)]
    )
    mesh = np.asarray(fit.inverse().apply(deepened), np.float32)
    return mesh, View(np.asarray(fit.matrix, np.float32), np.asarray(fit.offset, np.float32))


def _yaw_from_parallax(
    model: DoubleArray, target: DoubleArray, pose: Pose, weights: DoubleArray
) -> float:
    """Yaw in degrees, from the image alone, pitch and roll being known.

    Once nodded, the model's x and z make the image's x as x cos(yaw) - z sin(yaw), up to scale.
    """
    nodded = _centred(model @ rotation(replace(pose, yaw=0.0, roll=0.0)).T, weights)[:, [0, 2]]
    level = _centred(target @ rotation(Pose(0.0, 0.0, pose.roll)), weights)[:, 0]
    weighted = nodded * weights[:, None]
    across, along = np.linalg.solve(weighted.T @ nodded, weighted.T @ level)
    return math.degrees(math.atan2(-along, across))


def _fit_in_image(
    model: DoubleArray, target: DoubleArray, turn: DoubleArray, weights: DoubleArray
) -> Similarity:
    """The similarity with rotation `turn` whose scale and offset fit x and y best."""
    turned = model @ turn.T
    flat, wanted = _centred(turned, weights)[:, :2], _centred(target, weights)[:, :2]
    scale = float(weights @ (flat * wanted).sum(1) / (weights @ (flat**2).sum(1)))
    share = weights / weights.sum()
    return Similarity(turn, scale, share @ target - scale * (share @ turned))


def _consistent_depth(model: DoubleArray, target: DoubleArray, weights: DoubleArray) -> DoubleArray:
    """(468,): the target's depths, scaled and sheared to be nearest the placed model's."""
    terms = np.column_stack([target, np.ones(len(target))])
    weighted = terms * weights[:, None]
    return np.asarray(
        terms @ np.linalg.solve(weighted.T @ terms, weighted.T @ model[:, 2]), np.float64
    )


def _centred(points: DoubleArray, weights: DoubleArray) -> DoubleArray:
    return np.asarray(points - weights @ points / weights.sum(), np.float64)
