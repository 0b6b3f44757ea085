"""The detector's arithmetic, and its search plan."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from models.registration.detector import Detection, decode, merge, search_windows
from models.registration.face import FloatArray
from models.registration.pyramid import Window


def hit(x: float, y: float, side: float, score: float, eyes_turned: float = 0.0) -> Detection:
    key_points = np.zeros((6, 2), np.float32)
    centre = np.array([x, y], np.float32)
    across = np.array([np.cos(eyes_turned), np.sin(eyes_turned)], np.float32) * side / 4
    key_points[0], key_points[1] = centre - across, centre + across
    return Detection(centre, side, np.degrees(eyes_turned), key_points, score)


def outputs() -> tuple[FloatArray, FloatArray]:
    return np.zeros((896, 16), np.float32), np.full(896, -20.0, np.float32)


def test_decoding_counts_from_the_anchor() -> None:
    """Anchor 2 * (16 * 3 + 5) belongs to row 3, column 5 of 16: its middle is (5.5, 3.5) / 16."""
    regressors, logits = outputs()
    anchor = 2 * (16 * 3 + 5)
    logits[anchor] = 2.0
    regressors[anchor, :4] = (12.8, -6.4, 64.0, 32.0)
    regressors[anchor, 4:8] = (-16.0, 0.0, 16.0, 16.0)
    (found,) = decode(regressors, logits, 0.5)
    assert found.centre == pytest.approx([5.5 / 16 + 0.1, 3.5 / 16 - 0.05])
    assert found.side == pytest.approx(0.5)
    assert found.key_points[0] == pytest.approx([5.5 / 16 - 0.125, 3.5 / 16])
    assert found.key_points[1] == pytest.approx([5.5 / 16 + 0.125, 3.5 / 16 + 0.125])
    assert found.angle == pytest.approx(np.degrees(np.arctan2(0.125, 0.25)))
    assert found.score == pytest.approx(1 / (1 + np.exp(-2.0)))


def test_the_last_anchors_are_the_coarse_ones() -> None:
    """The last of 8x8x6 anchors lies in the last cell of 8: its middle is 7.5 / 8."""
    regressors, logits = outputs()
    logits[895] = 9.0
    (found,) = decode(regressors, logits, 0.5)
    assert found.centre == pytest.approx([7.5 / 8, 7.5 / 8])


def test_decoding_drops_low_scores() -> None:
    regressors, logits = outputs()
    logits[[3, 4]] = (0.1, -0.1)
    assert len(decode(regressors, logits, 0.5)) == 1
    assert len(decode(regressors, logits, 0.4)) == 2


def test_overlapping_hits_become_their_weighted_mean() -> None:
    merged = merge([hit(10, 10, 8, 0.6), hit(11, 10, 8, 0.9)], overlap=0.3)
    assert len(merged) == 1
    assert merged[0].centre == pytest.approx([(0.6 * 10 + 0.9 * 11) / 1.5, 10])
    assert merged[0].score == 0.9


def test_hits_apart_stay_apart_best_first() -> None:
    # Side 8, 4 apart: intersection 4 * 8 = 32, union 128 - 32 = 96, a third.
    apart = [hit(10, 10, 8, 0.6), hit(14, 10, 8, 0.9)]
    assert [one.score for one in merge(apart, overlap=0.34)] == [0.9, 0.6]
    assert len(merge(apart, overlap=0.33)) == 1


def test_a_merged_angle_comes_from_merged_eyes() -> None:
    (merged,) = merge([hit(9, 9, 8, 0.5, 0.2), hit(9, 9, 8, 0.5, 0.4)], overlap=0.3)
    assert merged.angle == pytest.approx(np.degrees(0.3), abs=0.01)


def test_nothing_found_nothing_merged() -> None:
    assert merge([], overlap=0.3) == []


def covers(window: Window, x: float, y: float, side: float) -> bool:
    """Whether an upright window holds an upright square and it is large enough in it."""
    room = (window.side - side) / 2
    inside = abs(window.x - x) <= room + 1 and abs(window.y - y) <= room + 1
    return inside and side >= 0.14 * window.side - 1


@pytest.mark.parametrize(("width", "height"), [(1000, 750), (640, 1600), (300, 300)])
def test_every_place_and_size_has_an_upright_window(width: int, height: int) -> None:
    smallest = 60.0
    windows = [
        window
        for fallback, pass_windows in search_windows(width, height, smallest)
        for window in pass_windows
        if not fallback
    ]
    sides = np.geomspace(max(smallest, width / 14), min(width, height) * 0.95, 6)
    for side, across, down in itertools.product(sides, (0, 0.3, 0.5, 1), (0, 0.4, 1)):
        x = side / 2 + across * (width - side)
        y = side / 2 + down * (height - side)
        assert any(covers(window, x, y, side) for window in windows), (x, y, side)


def test_the_search_goes_from_the_whole_frame_to_turned_tiles() -> None:
    plan = list(search_windows(1000, 750, 60.0))
    assert plan[0] == (False, [Window(499.5, 374.5, 1000.0)])
    assert [fallback for fallback, _ in plan] == [False, True, False, False, True, True, True]
    assert any(window.angle == 180 for window in plan[-3][1])
    # The whole search is bounded: about 0.7 ms a window.
    assert sum(len(windows) for _, windows in plan) < 300
