"""Does a reference show the same person as the faces to be read? By the shape of the face.

A reference of somebody else does harm, so it is refused. No face recogniser is at hand: the check
compares two meshes where expressions move them little, weighed by how much pictures of one person
and of different people differ there (fitted by `scripts.train_compact.same_person`). How sure it
is stands in the card of `compact`. It compares registered faces, which carry their mesh; plain
images cannot be checked.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load, save

from models.registration.face import VERTEX_COUNT, RegisteredFace
from models.shipped import load_shipped

FloatArray = npt.NDArray[np.float32]
WEIGHTS: Final = "same_person.safetensors"
_FINEST: Final = 1e-3
"""No two meshes of one person agree better than to this, in canonical units."""


class OtherPersonError(ValueError):
    """The reference and the face look like two people; `distance` is past `limit`."""

    code = "other-person"

    def __init__(self, distance: float, limit: float) -> None:
        super().__init__(
            "The reference face does not look like the person in the other picture: their faces "
            f"differ in shape by {distance:.1f}, and pictures of one person by at most {limit:.1f}."
        )
        self.distance, self.limit = distance, limit


@dataclass(frozen=True, eq=False)
class PersonModel:
    """Where faces are compared, and how.

    Attributes:
        coordinates: int64 (K,), of the flattened (468, 3) mesh in the canonical frame.
        mean: float32 (K,), of people's neutral faces.
        projection: float32 (K, C), onto directions in which two pictures of one person differ by
            about 1 each.
        limit: distance past which two faces are taken for two people's.
    """

    coordinates: npt.NDArray[np.int64]
    mean: FloatArray
    projection: FloatArray
    limit: float

    def signature(self, meshes: FloatArray) -> FloatArray:
        """float32 (N, C) of meshes (N, 468, 3)."""
        if meshes.ndim != 3 or meshes.shape[1:] != (VERTEX_COUNT, 3):
            raise ValueError(f"expected meshes (N, {VERTEX_COUNT}, 3), got {meshes.shape}")
        picked = meshes.reshape(len(meshes), -1)[:, self.coordinates]
        return np.asarray((picked - self.mean) @ self.projection, np.float32)

    def distance(self, one: RegisteredFace, other: RegisteredFace) -> float:
        """How far two faces are apart in shape, 0 and more."""
        first, second = self.signature(np.stack([one.mesh, other.mesh]))
        return float(np.linalg.norm(first - second))

    def check(self, one: RegisteredFace, other: RegisteredFace) -> float:
        """The distance of two pictures of one person.

        Raises:
            OtherPersonError: they look like two people.
        """
        distance = self.distance(one, other)
        if distance > self.limit:
            raise OtherPersonError(distance, self.limit)
        return distance

    def content(self) -> bytes:
        """The file that ships."""
        arrays: dict[str, npt.NDArray[Any]] = {
            "coordinates": self.coordinates,
            "mean": self.mean,
            "projection": self.projection,
            "limit": np.array([self.limit], np.float32),
        }
        return save(arrays)


@lru_cache(maxsize=1)
def person_model() -> PersonModel:
    """The model that ships, read once.

    Raises:
        models.assets.AssetError: its weights are missing or damaged.
    """
    arrays = load(load_shipped(WEIGHTS))
    return PersonModel(
        arrays["coordinates"], arrays["mean"], arrays["projection"], float(arrays["limit"][0])
    )


def fit_person_model(
    neutral: FloatArray,
    pairs: tuple[FloatArray, FloatArray],
    coordinates: int = 150,
    components: int = 25,
) -> PersonModel:
    """Fit where and how to compare.

    Coordinates that vary most between people for how little they vary within one are kept; then
    neutral faces' principal directions, whitened by the variation within people.

    Args:
        neutral: (P, 468, 3) meshes of different people.
        pairs: two (M, 468, 3), each row the same person with two expressions.
        coordinates, components: how many to keep.
    """
    first, second = (mesh.reshape(len(mesh), -1).astype(np.float64) for mesh in pairs)
    people = neutral.reshape(len(neutral), -1).astype(np.float64)
    change = first - second
    ratio = people.var(axis=0) / ((change**2).mean(axis=0) + 1e-6)
    kept = np.sort(np.argsort(-ratio)[:coordinates])
    mean = people[:, kept].mean(axis=0)
    directions = np.linalg.svd(people[:, kept] - mean, full_matrices=False)[2][:components].T
    within = (change[:, kept] @ directions).T @ (change[:, kept] @ directions) / len(change)
    # a little of the average keeps directions that hardly varied in the sample from ruling
    within += 0.02 * np.trace(within) / components * np.eye(components)
    within += _FINEST**2 * np.eye(components)
    projection = directions @ np.linalg.cholesky(np.linalg.inv(within))
    apart = np.linalg.norm(change[:, kept] @ projection, axis=1)
    return PersonModel(
        kept.astype(np.int64),
        mean.astype(np.float32),
        projection.astype(np.float32),
        float(np.quantile(apart, 0.97)),
    )
