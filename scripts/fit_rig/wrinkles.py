"""Folds, furrows and bulges of skin, one set per AU, on the canonical face.

Where they lie follows the appearance changes that the FACS manual lists for each AU. They are
kept as what skin does, not as what a camera sees: how far its surface tilts, and how deep it lies
in a crease. The light of a photo then says which side of a fold is dark, and its skin how deep.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from models.facs import SUPPORTED_AUS
from models.rig.appearance import MAP_SHAPE, map_grid

Array = npt.NDArray[np.float64]
Point = tuple[float, float]


@dataclass(frozen=True)
class Fold:
    """Skin that bulges on one side of a crease and lies flat on the other.

    `points` in canonical x, y; `bulge` is any point on the bulging side, whose skin slopes down
    to the crease over `reach`, by `tilt` at its steepest; `shade` is the log ratio in the crease.
    """

    points: tuple[Point, ...]
    bulge: Point
    reach: float
    tilt: float
    shade: float
    mirrored: bool = True


@dataclass(frozen=True)
class Furrow:
    """A narrow groove: its floor's half `width`, the `tilt` of its walls, the `shade` in it."""

    points: tuple[Point, ...]
    width: float
    tilt: float
    shade: float
    mirrored: bool = True


@dataclass(frozen=True)
class Bulge:
    """A soft bulge (or, negative, hollow) whose flanks tilt by `tilt`."""

    at: Point
    radii: tuple[float, float]
    tilt: float
    mirrored: bool = True


@dataclass(frozen=True)
class Shade:
    """A soft patch of log ratio `shade`, negative: lighter; no relief of its own."""

    at: Point
    radii: tuple[float, float]
    shade: float
    mirrored: bool = True


Mark = Fold | Furrow | Bulge | Shade


def _level(y: float, half: float, sag: float, tilt: float, shade: float) -> Furrow:
    """A level wrinkle across the midline, its middle `sag` lower than its ends."""
    xs = np.linspace(-half, half, 9)
    points = tuple((float(x), float(y - sag * (x / half) ** 2)) for x in xs)
    return Furrow(points, 0.016, tilt, shade, mirrored=False)


def _fan(start: Point, ends: tuple[Point, ...], tilt: float, shade: float) -> tuple[Furrow, ...]:
    middles = [((start[0] + e[0]) / 2, (start[1] + e[1]) / 2 + 0.01) for e in ends]
    return tuple(
        Furrow((start, m, e), 0.011, tilt, shade) for m, e in zip(middles, ends, strict=True)
    )


MARKS: Mapping[str, tuple[Mark, ...]] = {
    "AU01": (
        _level(-0.93, 0.34, 0.03, 0.34, 0.13),
        _level(-1.03, 0.42, 0.035, 0.36, 0.14),
        _level(-1.14, 0.40, 0.03, 0.28, 0.11),
        Furrow(((0.30, -0.60), (0.42, -0.645), (0.54, -0.655)), 0.014, 0.20, 0.09),
    ),
    "AU02": (
        Furrow(((0.42, -0.94), (0.58, -1.0), (0.76, -0.985), (0.90, -0.90)), 0.016, 0.36, 0.14),
        Furrow(((0.38, -1.04), (0.56, -1.10), (0.74, -1.08), (0.86, -1.0)), 0.016, 0.30, 0.12),
        Furrow(((0.46, -0.665), (0.62, -0.69), (0.76, -0.62)), 0.014, 0.18, 0.08),
    ),
    "AU04": (
        Furrow(((0.060, -0.60), (0.088, -0.69), (0.086, -0.78), (0.066, -0.88)), 0.021, 0.36, 0.20),
        Furrow(((0.145, -0.67), (0.165, -0.74), (0.16, -0.81)), 0.018, 0.22, 0.09),
        _level(-0.565, 0.10, -0.01, 0.30, 0.12),
        Bulge((0.0, -0.72), (0.05, 0.11), 0.25, mirrored=False),
        Bulge((0.13, -0.72), (0.04, 0.10), 0.20),
        Shade((0.26, -0.59), (0.13, 0.05), 0.16),
    ),
    "AU06": (
        *_fan((0.765, -0.460), ((0.97, -0.59), (1.0, -0.49), (0.98, -0.39)), 0.22, 0.16),
        *_fan((0.74, -0.40), ((0.92, -0.30),), 0.18, 0.12),
        Fold(((0.33, -0.30), (0.44, -0.255), (0.58, -0.245), (0.74, -0.31)), (0.55, -0.1),
             0.10, 0.45, 0.12),
        Furrow(((0.38, -0.34), (0.50, -0.305), (0.64, -0.32)), 0.013, 0.18, 0.08),
        Bulge((0.60, -0.04), (0.20, 0.12), 0.30),
        Fold(((0.30, 0.02), (0.38, 0.11), (0.45, 0.23)), (0.6, 0.0), 0.09, 0.25, 0.06),
    ),
    "AU07": (
        Fold(((0.33, -0.375), (0.42, -0.335), (0.54, -0.325), (0.65, -0.345), (0.72, -0.40)),
             (0.52, -0.42), 0.040, 0.40, 0.14),
        Bulge((0.52, -0.362), (0.15, 0.018), 0.25),
    ),
    "AU09": (
        _level(-0.49, 0.11, -0.012, 0.36, 0.13),
        _level(-0.42, 0.12, -0.018, 0.38, 0.15),
        _level(-0.35, 0.11, -0.018, 0.32, 0.13),
        Furrow(((0.10, -0.33), (0.16, -0.24), (0.20, -0.15)), 0.014, 0.28, 0.14),
        Furrow(((0.15, -0.36), (0.21, -0.28), (0.26, -0.18)), 0.014, 0.24, 0.11),
        Fold(((0.27, -0.04), (0.33, 0.05), (0.39, 0.16), (0.43, 0.28)), (0.6, 0.0),
             0.10, 0.40, 0.12),
        Furrow(((0.065, -0.60), (0.085, -0.69), (0.075, -0.78)), 0.015, 0.26, 0.14),
    ),
    "AU10": (
        Fold(((0.255, 0.00), (0.325, 0.08), (0.40, 0.18), (0.455, 0.29), (0.49, 0.40)), (0.7, 0.1),
             0.13, 0.50, 0.10),
        Bulge((0.50, 0.04), (0.16, 0.11), 0.28),
        Shade((0.22, 0.36), (0.09, 0.06), 0.04),
    ),
    "AU12": (
        Fold(((0.27, 0.03), (0.37, 0.15), (0.47, 0.30), (0.545, 0.45), (0.575, 0.57)), (0.75, 0.2),
             0.15, 0.40, 0.05),
        Fold(((0.445, 0.57), (0.462, 0.62), (0.45, 0.675)), (0.6, 0.62), 0.04, 0.25, 0.08),
    ),
    "AU14": (
        Fold(((0.455, 0.54), (0.482, 0.60), (0.487, 0.66), (0.465, 0.72)), (0.65, 0.62),
             0.075, 0.55, 0.14),
        Shade((0.445, 0.635), (0.034, 0.038), 0.20),
        Bulge((0.565, 0.63), (0.06, 0.11), 0.35),
    ),
    "AU15": (
        Fold(((0.405, 0.665), (0.445, 0.71), (0.47, 0.77), (0.475, 0.83)), (0.65, 0.72),
             0.07, 0.38, 0.10),
        Bulge((0.41, 0.80), (0.07, 0.07), 0.28),
        Shade((0.0, 0.885), (0.17, 0.03), 0.07, mirrored=False),
    ),
    "AU17": (
        Fold(((-0.24, 0.945), (-0.13, 0.905), (0.0, 0.892), (0.13, 0.905), (0.24, 0.945)),
             (0.0, 1.1), 0.11, 0.50, 0.18, mirrored=False),
        Bulge((0.0, 1.02), (0.17, 0.09), 0.30, mirrored=False),
        Fold(((0.39, 0.67), (0.425, 0.72), (0.435, 0.78)), (0.6, 0.72), 0.05, 0.22, 0.06),
    ),
    "AU20": (
        Fold(((0.515, 0.51), (0.555, 0.60), (0.558, 0.69), (0.525, 0.79)), (0.75, 0.62),
             0.10, 0.35, 0.07),
        Bulge((0.63, 0.66), (0.09, 0.15), 0.22),
        Shade((0.0, 1.00), (0.20, 0.10), -0.04, mirrored=False),
    ),
    "AU23": (
        *(Furrow(((x, top), (x * 1.05, 0.60)), 0.009, 0.16, 0.07)
          for x, top in ((0.035, 0.53), (0.095, 0.525), (0.155, 0.535), (0.215, 0.555))),
        *(Furrow(((x, 0.66), (x * 0.96, low)), 0.009, 0.14, 0.06)
          for x, low in ((0.04, 0.76), (0.11, 0.755), (0.18, 0.74))),
        Shade((0.0, 0.475), (0.22, 0.028), -0.09, mirrored=False),
        Shade((0.0, 0.825), (0.20, 0.028), -0.09, mirrored=False),
        Fold(((0.375, 0.59), (0.392, 0.635), (0.378, 0.68)), (0.5, 0.63), 0.05, 0.35, 0.10),
    ),
    "AU24": (
        Bulge((0.0, 0.44), (0.24, 0.055), 0.32, mirrored=False),
        Bulge((0.0, 0.83), (0.23, 0.050), 0.32, mirrored=False),
        Fold(((-0.24, 0.935), (0.0, 0.90), (0.24, 0.935)), (0.0, 0.83), 0.06, 0.30, 0.10,
             mirrored=False),
        Fold(((0.405, 0.60), (0.43, 0.65), (0.435, 0.71)), (0.6, 0.65), 0.06, 0.35, 0.11),
        Shade((0.0, 0.638), (0.26, 0.014), 0.16, mirrored=False),
    ),
    "AU25": (),
    "AU26": (Shade((0.66, 0.42), (0.12, 0.20), 0.08),),
    "AU05": (),
    "AU43": (),
}  # fmt: skip


_SOFT: Final = 0.55
"""Pixels of the map that marks are blurred by."""
_FLAT_SIDE: Final = 0.22
"""Width of a crease's shade on its flat side over that on its bulging side."""


def wrinkle_maps() -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """What every AU does to skin at E, both sides.

    Returns:
        float32 (18, H, W), log ratios in creases, in any light; and float32 (18, 2, H, W), by how
        much the surface comes towards the camera along x and y of the map, per canonical unit.
    """
    x, y = map_grid()
    shades = np.zeros((len(SUPPORTED_AUS), *MAP_SHAPE))
    tilts = np.zeros((len(SUPPORTED_AUS), 2, *MAP_SHAPE))
    step = x[0, 1] - x[0, 0], y[1, 0] - y[0, 0]
    for index, au in enumerate(SUPPORTED_AUS):
        height = np.zeros(MAP_SHAPE)
        for mark in MARKS[au]:
            for sign in (1.0, -1.0) if mark.mirrored else (1.0,):
                rise, shade = _drawn(mark, sign * x, y)
                height += rise
                shades[index] -= shade
        # One side of the crease is a step of the slope: differences across it keep both.
        down, across = np.gradient(height, step[1], step[0])
        tilts[index] = across, down
    soft = [cv2.GaussianBlur(one.astype(np.float32), (0, 0), _SOFT)
            for one in (*shades, *tilts.reshape(-1, *MAP_SHAPE))]  # fmt: skip
    count = len(SUPPORTED_AUS)
    return np.stack(soft[:count]), np.stack(soft[count:]).reshape(tilts.shape)


def _drawn(mark: Mark, x: Array, y: Array) -> tuple[Array, Array]:
    """Height towards the camera, canonical units, and shade."""
    if isinstance(mark, Bulge | Shade):
        dx, dy = (x - mark.at[0]) / mark.radii[0], (y - mark.at[1]) / mark.radii[1]
        soft = np.exp(-0.5 * (dx * dx + dy * dy))
        if isinstance(mark, Shade):
            return np.zeros_like(x), mark.shade * soft
        # exp(-d^2 / 2) is steepest at d = 1, by exp(-1 / 2) over its radius
        return mark.tilt * min(mark.radii) * np.exp(0.5) * soft, np.zeros_like(x)
    line = _smooth(np.array(mark.points))
    distance, along = _signed_distance(line, x, y)
    taper = np.sin(np.pi * np.clip(along, 0, 1)) ** 0.8
    if isinstance(mark, Furrow):
        floor = np.exp(-0.5 * (distance / mark.width) ** 2)
        return -mark.tilt * mark.width * np.exp(0.5) * taper * floor, mark.shade * taper * floor
    there, _ = _signed_distance(line, *(np.full((1, 1), value) for value in mark.bulge))
    distance = distance * np.sign(there[0, 0])
    # Beyond the ends of the line the nearest point is an end: no fold there.
    past = np.maximum(distance, 0)
    rise = np.where(distance > 0, 1 - np.exp(-past / mark.reach), 0)
    rise *= np.exp(-((past / (3 * mark.reach)) ** 2))
    width = np.where(distance > 0, 0.6, 0.6 * _FLAT_SIDE) * mark.reach
    shade = mark.shade * np.exp(-np.abs(distance) / width)
    return mark.tilt * mark.reach * taper * rise, shade * taper


def _smooth(points: Array) -> Array:
    """A denser line through `points` (Catmull-Rom)."""
    padded = np.concatenate([2 * points[:1] - points[1:2], points, 2 * points[-1:] - points[-2:-1]])
    out = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        t = np.linspace(0, 1, 12, endpoint=False)[:, None]
        out.append(
            0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2
                   + (3 * b - a - 3 * c + d) * t**3)
        )  # fmt: skip
    return np.concatenate([*out, points[-1:]])


def _signed_distance(line: Array, x: Array, y: Array) -> tuple[Array, Array]:
    """Distance to the line, positive on the left of its travel, and position along it in 0..1."""
    best = np.full(x.shape, np.inf)
    signed, along = np.zeros(x.shape), np.zeros(x.shape)
    segments = len(line) - 1
    for index, (a, b) in enumerate(pairwise(line)):
        d = b - a
        t = np.clip(((x - a[0]) * d[0] + (y - a[1]) * d[1]) / max(float(d @ d), 1e-12), 0, 1)
        ex, ey = x - a[0] - t * d[0], y - a[1] - t * d[1]
        squared = ex * ex + ey * ey
        nearer = squared < best
        best = np.where(nearer, squared, best)
        # y points down, so the left of the direction of travel has a negative cross product
        side = np.where(d[0] * ey - d[1] * ex <= 0, 1.0, -1.0)
        signed = np.where(nearer, side * np.sqrt(squared), signed)
        along = np.where(nearer, (index + t) / segments, along)
    return signed, along
