"""Finding faces: the BlazeFace short-range network, run over scales, tiles and turns of a photo.

Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs" (2019). The
network sees 128x128 pixels and knows faces of about a sixth to all of that, near upright. Whole
frame first, then wider, turned and tiled windows, until one pass finds a face.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from itertools import product
from typing import Final

import numpy as np

from models.registration.face import FloatArray
from models.registration.network import Network
from models.registration.pyramid import Pyramid, Window

ASSET: Final = "face_detection_short_range.tflite"
_INPUT: Final = 128
_KEY_POINTS: Final = 6
_SMALLEST_IN_WINDOW: Final = 0.14
"""Side of the smallest face that is found wherever it lies in a window, over the window's: of 78
faces put anywhere in a frame, 96% were found at 0.12 and all at 0.14."""
_CONFIRM_MARGIN: Final = 2.0
_TURNS: Final = (-40.0, 40.0)
_LARGE_TURNS: Final = (-80.0, 80.0)


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
        sure: a detection at or above needs no second look.
        confirmed: what the second look must reach.
        overlap: detections whose boxes overlap by more (intersection over union) are one face.
        smallest: the smallest face looked for, as a fraction of the frame's longer side.
        smallest_pixels: the same in pixels; the larger of the two holds.
    """

    min_score: float = 0.5
    sure: float = 0.9
    confirmed: float = 0.7
    overlap: float = 0.3
    smallest: float = 0.03
    smallest_pixels: float = 60.0


@dataclass(frozen=True)
class SearchPass:
    """One pass of the search.

    Attributes:
        fallback: the pass is for faces that the network does not bear as they lie in the frame,
            and worth its time only where no other was found.
        finds_from: side of the smallest face that the pass finds wherever it is, in pixels.
        detections: runs the pass; best score first.
    """

    fallback: bool
    finds_from: float
    detections: Callable[[], list[Detection]]


class Detector:
    """BlazeFace over a pyramid of windows. Safe to use from several threads."""

    def __init__(self, network: Network, settings: DetectorSettings | None = None) -> None:
        self._network = network
        self._settings = settings or DetectorSettings()

    def passes(self, pyramid: Pyramid) -> Iterator[SearchPass]:
        """The search, pass by pass, from the whole frame to small tiles and large turns.

        A pass is run when its detections are asked for, so a caller stops when it has what it
        needs. A face may come back in more than one pass.
        """
        side = max(pyramid.width, pyramid.height)
        smallest = max(self._settings.smallest * side, self._settings.smallest_pixels)
        for fallback, windows in search_windows(pyramid.width, pyramid.height, smallest):
            finds_from = min(window.side for window in windows) * _SMALLEST_IN_WINDOW
            yield SearchPass(fallback, finds_from, partial(self._search, pyramid, windows))

    def confirm(self, pyramid: Pyramid, hit: Detection) -> Detection | None:
        """A second look at a detection: the face at `hit`, turned as it is, or None.

        What the search takes for a face is often a pattern, or a face more than a right angle off
        the upright one that it reports. Cut out by itself, a face scores high, and higher the
        right way up.
        """
        if hit.score >= self._settings.sure:
            return hit
        best: Detection | None = None
        for turn in (0.0, 180.0, 90.0, -90.0):
            window = replace(hit.window(_CONFIRM_MARGIN), angle=hit.angle + turn)
            for again in self._look(pyramid, window):
                near = _overlap(again, hit) > self._settings.overlap
                if near and (best is None or again.score > best.score):
                    best = again
            if best is not None and best.score >= self._settings.sure:
                break
        return best if best is not None and best.score >= self._settings.confirmed else None

    def _search(self, pyramid: Pyramid, windows: Sequence[Window]) -> list[Detection]:
        found = [hit for window in windows for hit in self._look(pyramid, window)]
        return merge(found, self._settings.overlap)

    def _look(self, pyramid: Pyramid, window: Window) -> list[Detection]:
        crop = pyramid.cut(window, _INPUT)
        tensor = (crop.astype(np.float32) / 127.5 - 1.0)[None]
        regressors, logits = self._network.run(tensor)
        hits = decode(regressors[0], logits[0, :, 0], self._settings.min_score)
        return [_in_photo(hit, window) for hit in merge(hits, self._settings.overlap)]


def search_windows(width: int, height: int, smallest: float) -> Iterator[tuple[bool, list[Window]]]:
    """The windows of each search pass over a frame, and whether the pass is a fallback.

    All lengths are in pixels; `smallest` is the side of the smallest face looked for.
    """
    x, y, side = (width - 1) / 2, (height - 1) / 2, float(max(width, height))
    yield False, [Window(x, y, side)]
    # The wide window is for a face larger than the frame. Turned windows are wider than the
    # frame because its corners stand out of a square of its side.
    yield True, [Window(x, y, side * 1.6), *(Window(x, y, side * 1.15, t) for t in _TURNS)]
    tile = side / 2
    yield False, list(_tiles(width, height, tile, 0.0))
    while tile * _SMALLEST_IN_WINDOW > smallest:
        tile /= 2
        yield False, list(_tiles(width, height, tile, 0.0))
    yield True, [Window(x, y, side * 1.15, turn) for turn in (*_LARGE_TURNS, 180.0)]
    for tile in (side / 2, side / 4):
        yield True, [one for turn in _TURNS for one in _tiles(width, height, tile, turn)]


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
