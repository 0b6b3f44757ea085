"""Finding faces: the BlazeFace short-range network, run over scales, tiles and turns of a photo.

Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs" (2019). The
network sees 128x128 pixels and knows faces of about a sixth to all of that, near upright. Whole
frame first, then wider, turned and tiled windows, until one pass finds a face.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Final

import numpy as np

from models.registration.face import FloatArray
from models.registration.network import Network
from models.registration.pyramid import Pyramid, Window

ASSET: Final = "face_detection_short_range.tflite"
_INPUT: Final = 128
_KEY_POINTS: Final = 6


@dataclass(frozen=True, eq=False)
class Detection:
    """A face as the detector sees it, in photo pixels.

    Attributes:
        centre: float32 (2,), x and y of the middle of the face box.
        side: side of the face box.
        angle: turn in the image in degrees, positive clockwise, from the line between the eyes.
        key_points: float32 (6, 2): the subject's right eye, left eye, nose tip, mouth, right and
            left ear.
        score: 0 to 1.
    """

    centre: FloatArray
    side: float
    angle: float
    key_points: FloatArray
    score: float

    def window(self, factor: float) -> Window:
        """The square `factor` times the box, turned so that the eyes are level."""
        return Window(float(self.centre[0]), float(self.centre[1]), self.side * factor, self.angle)


@dataclass(frozen=True)
class DetectorSettings:
    """What counts as a face and where to look.

    Attributes:
        min_score: detections below are dropped.
        overlap: detections whose boxes overlap by more (intersection over union) are one face.
        smallest: the smallest face looked for, as a fraction of the frame's longer side.
    """

    min_score: float = 0.5
    overlap: float = 0.3
    smallest: float = 0.04


class Detector:
    """BlazeFace over a pyramid of windows. Safe to use from several threads."""

    def __init__(self, network: Network, settings: DetectorSettings | None = None) -> None:
        self._network = network
        self._settings = settings or DetectorSettings()

    def passes(self, pyramid: Pyramid) -> Iterator[list[Detection]]:
        """Detections of one search pass after the other, each pass best score first.

        The passes go from the whole frame to small tiles and large turns; a caller stops when it
        has what it needs. A face may come back in more than one pass.
        """
        for windows in search_windows(pyramid.width, pyramid.height, self._settings.smallest):
            found = [hit for window in windows for hit in self._look(pyramid, window)]
            yield merge(found, self._settings.overlap)

    def _look(self, pyramid: Pyramid, window: Window) -> list[Detection]:
        crop = pyramid.cut(window, _INPUT)
        tensor = (crop.astype(np.float32) / 127.5 - 1.0)[None]
        regressors, logits = self._network.run(tensor)
        hits = decode(regressors[0], logits[0, :, 0], self._settings.min_score)
        return [_in_photo(hit, window) for hit in merge(hits, self._settings.overlap)]


def search_windows(width: int, height: int, smallest: float) -> Iterator[list[Window]]:
    """The windows of each search pass over a frame of `width` x `height` pixels."""
    centre_x, centre_y = (width - 1) / 2, (height - 1) / 2
    side = float(max(width, height))
    yield [Window(centre_x, centre_y, side)]
    # A face larger than the frame, or upright after a turn the network does not bear.
    yield [Window(centre_x, centre_y, side * 1.6)] + [
        Window(centre_x, centre_y, side * 1.15, turn) for turn in (-40.0, 40.0)
    ]
    tile = side / 2
    while True:
        yield list(_tiles(width, height, tile, 0.0))
        if tile * 0.25 <= side * smallest:
            break
        tile /= 2
    yield [Window(centre_x, centre_y, side * 1.15, turn) for turn in (-80.0, 80.0, 180.0)]
    for turn in (-40.0, 40.0):
        yield list(_tiles(width, height, side / 2, turn))
    for turn in (-40.0, 40.0):
        yield list(_tiles(width, height, side / 4, turn))


def _tiles(width: int, height: int, tile: float, turn: float) -> Iterator[Window]:
    for x, y in product(_centres(width, tile), _centres(height, tile)):
        yield Window(x, y, tile, turn)


def _centres(length: int, tile: float) -> list[float]:
    """Centres of tiles that overlap by half, so that no face up to half a tile is cut by all."""
    if length <= tile:
        return [(length - 1) / 2]
    count = max(2, math.ceil((length - tile) / (tile / 2)) + 1)
    return [float(x) for x in np.linspace(tile / 2 - 0.5, length - tile / 2 - 0.5, count)]


@lru_cache(maxsize=1)
def _anchors() -> FloatArray:
    """float32 (896, 2) anchor centres in units of the input's side; every anchor has size 1."""
    centres = [
        ((column + 0.5) / cells, (row + 0.5) / cells)
        for cells, per_cell in ((16, 2), (8, 6))
        for row, column in product(range(cells), repeat=2)
        for _ in range(per_cell)
    ]
    anchors = np.array(centres, np.float32)
    anchors.setflags(write=False)
    return anchors


def decode(regressors: FloatArray, logits: FloatArray, min_score: float) -> list[Detection]:
    """Network outputs (896, 16) and (896,) -> detections, in units of the input's side 0..1."""
    scores = 1.0 / (1.0 + np.exp(-np.clip(logits, -50.0, 50.0)))
    hits = np.flatnonzero(scores >= min_score)
    anchors = _anchors()[hits]
    values = regressors[hits].reshape(-1, 2 + _KEY_POINTS, 2) / _INPUT  # hits, 8, xy
    found = []
    for anchor, value, score in zip(anchors, values, scores[hits], strict=True):
        key_points = np.asarray(value[2:] + anchor, np.float32)
        found.append(
            Detection(
                centre=np.asarray(value[0] + anchor, np.float32),
                side=float(value[1].max()),
                angle=_eye_angle(key_points),
                key_points=key_points,
                score=float(score),
            )
        )
    return found


def merge(hits: Sequence[Detection], overlap: float) -> list[Detection]:
    """Weighted non-maximum suppression: each group of overlapping hits becomes its mean.

    A group is the best remaining hit and all that overlap it; the mean is weighted by score and
    the group keeps its best score.
    """
    remaining = sorted(hits, key=lambda hit: -hit.score)
    merged = []
    while remaining:
        best = remaining[0]
        group = [hit for hit in remaining if _overlap(best, hit) > overlap]
        remaining = [hit for hit in remaining if _overlap(best, hit) <= overlap]
        merged.append(_mean(group))
    return merged


def _mean(group: Sequence[Detection]) -> Detection:
    weights = np.array([hit.score for hit in group])
    weights = weights / weights.sum()
    key_points = np.asarray(
        np.tensordot(weights, np.stack([hit.key_points for hit in group]), 1), np.float32
    )
    return Detection(
        centre=np.asarray(weights @ np.stack([hit.centre for hit in group]), np.float32),
        side=float(weights @ np.array([hit.side for hit in group])),
        angle=_eye_angle(key_points),
        key_points=key_points,
        score=group[0].score,
    )


def _overlap(one: Detection, other: Detection) -> float:
    """Intersection over union of the upright squares around both."""
    if one is other:
        return 1.0
    half = (one.side + other.side) / 2
    sides = np.minimum(half - np.abs(one.centre - other.centre), min(one.side, other.side))
    intersection = float(np.prod(np.maximum(sides, 0.0)))
    return intersection / (one.side**2 + other.side**2 - intersection)


def _eye_angle(key_points: FloatArray) -> float:
    across = key_points[1] - key_points[0]
    return math.degrees(math.atan2(float(across[1]), float(across[0])))


def _in_photo(hit: Detection, window: Window) -> Detection:
    """A detection in units of the window's side, moved to photo pixels."""
    key_points = window.points_to_photo(hit.key_points * _INPUT - 0.5, _INPUT)
    return Detection(
        centre=window.points_to_photo(hit.centre * _INPUT - 0.5, _INPUT),
        side=hit.side * window.side,
        angle=_eye_angle(key_points),
        key_points=key_points,
        score=hit.score,
    )
