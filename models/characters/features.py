"""Whole features made larger or smaller: what makes a stylised head of an ordinary one.

Identity modes break a face apart beyond a standard deviation or two; scaling eyes, nose or jaw as a
whole does not. The scaling acts on a head that already shows its expression, so that lids still
close over larger eyes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]

Feature = Literal["eyes", "nose", "mouth", "jaw", "cheeks", "ears", "skull", "neck"]


@dataclass(frozen=True)
class Region:
    """A ball around a feature: all of it moves within `inner`, none of it beyond `outer`."""

    centre: tuple[float, float, float]
    inner: float
    outer: float
    paired: bool = False


REGIONS: Final[Mapping[Feature, Region]] = {
    "eyes": Region((0.497, -0.464, -0.02), 0.20, 1.05, paired=True),
    "nose": Region((0.0, 0.05, -0.50), 0.22, 0.62),
    "mouth": Region((0.0, 0.60, -0.30), 0.30, 0.78),
    "jaw": Region((0.0, 1.25, 0.10), 0.40, 1.30),
    "cheeks": Region((0.85, 0.25, 0.10), 0.15, 0.75, paired=True),
    "ears": Region((1.42, -0.10, 1.05), 0.35, 0.62, paired=True),
    "skull": Region((0.0, -1.15, 0.95), 0.90, 2.00),
    "neck": Region((0.0, 2.50, 1.10), 0.60, 1.70),
}
"""In the canonical frame; paired ones are mirrored."""


@dataclass(frozen=True)
class Scaling:
    """One feature, by how much along x, y and z, and how far it is moved."""

    feature: Feature
    by: tuple[float, float, float]
    moved: tuple[float, float, float] = (0.0, 0.0, 0.0)


def scaled(vertices: FloatArray, rest: FloatArray, scalings: tuple[Scaling, ...]) -> FloatArray:
    """float32 (V, 3): a head with its features scaled.

    Args:
        vertices: float32 (V, 3), the head to scale.
        rest: float32 (V, 3), the mean head at rest, which says what belongs to which feature.
        scalings: applied one after the other.
    """
    out = vertices.copy()
    for scaling in scalings:
        region = REGIONS[scaling.feature]
        for side in (1.0, -1.0) if region.paired else (1.0,):
            mirror = np.array([side, 1.0, 1.0], np.float32)
            centre = np.array(region.centre, np.float32) * mirror
            distance = np.linalg.norm(rest - centre, axis=1)
            share = _falling(distance, region.inner, region.outer)
            near = share > 0
            stretch = np.array(scaling.by, np.float32) - 1
            shift = (out[near] - centre) * stretch + np.array(scaling.moved, np.float32) * mirror
            out[near] += share[near, None] * shift
    return out


def _falling(distance: FloatArray, inner: float, outer: float) -> FloatArray:
    """1 up to `inner`, 0 from `outer` on, smooth between."""
    t = np.clip((outer - distance) / (outer - inner), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)
