"""Folds, furrows and bulges drawn as log-ratio maps, one per AU, on the canonical face.

Strokes follow the appearance changes that the FACS manual lists for each AU. A furrow is dark in
its floor and bright on the side that bulges; light comes from above, so a level wrinkle is bright
on its lower wall.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from models.facs import SUPPORTED_AUS
from models.rig.appearance import MAP_SHAPE, map_grid

Array = npt.NDArray[np.float64]
Point = tuple[float, float]


@dataclass(frozen=True)
class Furrow:
    """A dark line with one bright flank.

    `points` in canonical x, y; `width` is the floor's half width, `depth` the log ratio in the
    floor at E; `bright` the flank's share of it, on the left of the direction of travel if
    positive, on the right if negative.
    """

    points: tuple[Point, ...]
    width: float
    depth: float
    bright: float = 0.5
    mirrored: bool = True


@dataclass(frozen=True)
class Bulge:
    """A soft bright (or, negative, hollow) patch of log ratio `height` at E."""

    at: Point
    radii: tuple[float, float]
    height: float
    mirrored: bool = True


Mark = Furrow | Bulge


def _level(y: float, half: float, sag: float, depth: float) -> Furrow:
    """A level wrinkle across the midline, its middle `sag` lower than its ends."""
    xs = np.linspace(-half, half, 9)
    points = tuple((float(x), float(y - sag * (x / half) ** 2)) for x in xs)
    return Furrow(points, 0.016, depth, -0.6, mirrored=False)


def _fan(start: Point, ends: tuple[Point, ...], depth: float) -> tuple[Furrow, ...]:
    middles = [((start[0] + e[0]) / 2, (start[1] + e[1]) / 2 + 0.01) for e in ends]
    return tuple(
        Furrow((start, m, e), 0.012, depth, -0.5) for m, e in zip(middles, ends, strict=True)
    )


MARKS: Mapping[str, tuple[Mark, ...]] = {
    "AU01": (
        _level(-0.93, 0.34, 0.03, 0.26),
        _level(-1.03, 0.42, 0.035, 0.29),
        _level(-1.14, 0.40, 0.03, 0.24),
        Furrow(((0.30, -0.60), (0.42, -0.645), (0.54, -0.655)), 0.014, 0.18, -0.4),
    ),
    "AU02": (
        Furrow(((0.42, -0.94), (0.58, -1.0), (0.76, -0.985), (0.90, -0.90)), 0.016, 0.30, -0.6),
        Furrow(((0.38, -1.04), (0.56, -1.10), (0.74, -1.08), (0.86, -1.0)), 0.016, 0.26, -0.6),
        Furrow(((0.46, -0.665), (0.62, -0.69), (0.76, -0.62)), 0.014, 0.15, -0.4),
    ),
    "AU04": (
        Furrow(((0.060, -0.60), (0.088, -0.69), (0.086, -0.78), (0.066, -0.88)), 0.022, 0.40, -0.5),
        Furrow(((0.145, -0.67), (0.165, -0.74), (0.16, -0.81)), 0.018, 0.14, -0.4),
        _level(-0.565, 0.10, -0.01, 0.22),
        Bulge((0.0, -0.72), (0.05, 0.11), 0.06, mirrored=False),
        Bulge((0.24, -0.60), (0.12, 0.05), -0.14),
    ),
    "AU06": (
        *_fan((0.755, -0.465), ((0.98, -0.60), (1.01, -0.50), (1.0, -0.40), (0.95, -0.31)), 0.30),
        Furrow(((0.33, -0.30), (0.44, -0.255), (0.58, -0.245), (0.74, -0.31)), 0.018, 0.28, 0.45),
        Furrow(((0.36, -0.20), (0.50, -0.15), (0.66, -0.155), (0.80, -0.23)), 0.022, 0.18, -0.6),
        Bulge((0.60, -0.02), (0.20, 0.13), 0.05),
        Furrow(((0.31, 0.03), (0.40, 0.12), (0.48, 0.24)), 0.022, 0.16, 0.6),
    ),
    "AU07": (
        Furrow(((0.31, -0.385), (0.40, -0.345), (0.52, -0.332), (0.64, -0.35), (0.72, -0.40)),
               0.014, 0.34, 0.7),
        Bulge((0.52, -0.365), (0.14, 0.015), 0.12),
    ),
    "AU09": (
        _level(-0.49, 0.11, -0.012, 0.34),
        _level(-0.42, 0.12, -0.018, 0.38),
        _level(-0.35, 0.11, -0.018, 0.28),
        Furrow(((0.10, -0.33), (0.16, -0.24), (0.20, -0.15)), 0.014, 0.28, 0.5),
        Furrow(((0.15, -0.36), (0.21, -0.28), (0.26, -0.18)), 0.014, 0.22, 0.5),
        Furrow(((0.29, -0.02), (0.355, 0.05), (0.41, 0.16), (0.44, 0.28)), 0.024, 0.28, 0.4),
        Furrow(((0.065, -0.60), (0.085, -0.69), (0.075, -0.78)), 0.015, 0.26, -0.5),
    ),
    "AU10": (
        Furrow(((0.31, 0.02), (0.39, 0.10), (0.455, 0.22), (0.49, 0.36), (0.50, 0.46)),
               0.028, 0.31, 0.4),
        Bulge((0.50, 0.06), (0.13, 0.10), 0.10),
        Bulge((0.18, 0.40), (0.08, 0.05), -0.06),
    ),
    "AU12": (
        Furrow(((0.30, 0.05), (0.40, 0.17), (0.50, 0.32), (0.56, 0.46), (0.57, 0.58)),
               0.028, 0.22, 0.45),
        Bulge((0.62, 0.10), (0.18, 0.15), 0.04),
        Furrow(((0.435, 0.56), (0.455, 0.62), (0.44, 0.69)), 0.016, 0.25, 0.3),
    ),
    "AU14": (
        Furrow(((0.475, 0.50), (0.525, 0.58), (0.53, 0.67), (0.485, 0.76)), 0.024, 0.46, 0.25),
        Furrow(((0.405, 0.58), (0.425, 0.635), (0.405, 0.69)), 0.018, 0.30, 0.3),
        Bulge((0.585, 0.62), (0.06, 0.12), 0.05),
    ),
    "AU15": (
        Furrow(((0.40, 0.645), (0.455, 0.70), (0.49, 0.80), (0.48, 0.92)), 0.022, 0.30, 0.25),
        Bulge((0.53, 0.68), (0.07, 0.10), 0.03),
        Furrow(((-0.22, 0.93), (0.0, 0.905), (0.22, 0.93)), 0.022, 0.14, -0.5, mirrored=False),
    ),
    "AU17": (
        Furrow(((-0.30, 0.955), (-0.15, 0.90), (0.0, 0.885), (0.15, 0.90), (0.30, 0.955)),
               0.026, 0.46, -0.5, mirrored=False),
        Bulge((0.0, 1.04), (0.17, 0.09), 0.06, mirrored=False),
        Furrow(((0.38, 0.66), (0.42, 0.72), (0.43, 0.80)), 0.016, 0.18, 0.4),
    ),
    "AU20": (
        Furrow(((0.56, 0.44), (0.615, 0.58), (0.62, 0.74), (0.57, 0.88)), 0.022, 0.36, 0.5),
        Furrow(((0.66, 0.50), (0.71, 0.64), (0.70, 0.80)), 0.018, 0.20, 0.5),
        Furrow(((-0.26, 0.94), (0.0, 0.96), (0.26, 0.94)), 0.022, 0.12, -0.4, mirrored=False),
    ),
    "AU23": (
        *(Furrow(((x, top), (x * 1.08, 0.495)), 0.012, 0.13, 0.5)
          for x, top in ((0.045, 0.42), (0.11, 0.40), (0.185, 0.43), (0.26, 0.45))),
        *(Furrow(((x, 0.81), (x * 0.93, low)), 0.012, 0.10, 0.5)
          for x, low in ((0.06, 0.87), (0.15, 0.86))),
        Furrow(((0.385, 0.58), (0.405, 0.635), (0.385, 0.69)), 0.015, 0.30, 0.4),
    ),
    "AU24": (
        Furrow(((-0.26, 0.93), (0.0, 0.89), (0.26, 0.93)), 0.022, 0.30, -0.5, mirrored=False),
        Bulge((0.0, 0.44), (0.24, 0.05), 0.09, mirrored=False),
        Bulge((0.0, 0.84), (0.22, 0.04), 0.09, mirrored=False),
        Furrow(((0.40, 0.60), (0.43, 0.66), (0.44, 0.74)), 0.016, 0.30, 0.4),
    ),
    "AU25": (),
    "AU26": (Bulge((0.66, 0.42), (0.12, 0.20), -0.09),),
    "AU05": (),
    "AU43": (),
}  # fmt: skip


_FLANK = 0.55
"""All flanks against their floors: skin is lit softly, so a fold is seen by its shadow."""
_SOFT = 1.8
"""Pixels of the map that strokes are blurred by: sharper, they look pencilled on smooth skin."""
_DEEPER = 1.2
"""What blurring takes off the floor of a stroke, given back."""
_BRIGHTEST = 0.12
"""Log ratio that no bulge may exceed: beyond it skin looks oily."""


def wrinkle_maps() -> npt.NDArray[np.float32]:
    """float32 (18, H, W) log ratios at E, both sides."""
    x, y = map_grid()
    maps = np.zeros((len(SUPPORTED_AUS), *MAP_SHAPE))
    for index, au in enumerate(SUPPORTED_AUS):
        for mark in MARKS[au]:
            for sign in (1.0, -1.0) if mark.mirrored else (1.0,):
                maps[index] += _drawn(mark, sign * x, y)
    bounded = np.minimum(maps, _BRIGHTEST).astype(np.float32)
    return np.stack([cv2.GaussianBlur(_DEEPER * one, (0, 0), _SOFT) for one in bounded])


def _drawn(mark: Mark, x: Array, y: Array) -> Array:
    if isinstance(mark, Bulge):
        dx, dy = (x - mark.at[0]) / mark.radii[0], (y - mark.at[1]) / mark.radii[1]
        return mark.height * np.exp(-0.5 * (dx * dx + dy * dy))
    line = _smooth(np.array(mark.points))
    distance, along = _signed_distance(line, x, y)
    taper = np.sin(np.pi * np.clip(along, 0, 1)) ** 0.6
    width = mark.width
    floor = np.exp(-0.5 * (distance / width) ** 2)
    side = np.sign(mark.bright) or 1.0
    flank = np.exp(-0.5 * ((distance - side * 2.2 * width) / (1.3 * width)) ** 2)
    return mark.depth * taper * (_FLANK * abs(mark.bright) * flank - floor)


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
