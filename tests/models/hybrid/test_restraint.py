"""Corrections stay light on skin and leave teeth their lines."""

from __future__ import annotations

import numpy as np
import pytest

from models.hybrid.restraint import restrained
from models.hybrid.scene import FINE, MOUTH, SIDE, Scene
from models.registration.face import FloatArray

TOP, BOTTOM = slice(0, 64), slice(64, 128)


def scene(colour: tuple[float, float, float], **planes: slice) -> Scene:
    """A window of one colour whose rows are lips or mouth."""
    seen = np.zeros((14, SIDE, SIDE), np.float32)
    seen[:3] = np.array(colour, np.float32)[:, None, None] / 127.5 - 1
    for name, rows in planes.items():
        seen[{"lips": FINE, "mouth": MOUTH}[name], rows] = 1
    return Scene(seen, np.ones((2, SIDE, SIDE), np.float32))


def even(*levels: float) -> FloatArray:
    return np.tile(np.array(levels, np.float32), (SIDE, SIDE, 1))


@pytest.mark.parametrize("skin", [(230, 190, 170), (90, 60, 45), (40, 28, 22)])
def test_skin_changes_in_light_and_not_in_colour(skin: tuple[float, float, float]) -> None:
    for levels in ((20, 40, 35), (-30, -20, -60)):
        after = even(*skin) + restrained(even(*levels), scene(skin))
        ratio = after / even(*skin)
        assert np.ptp(ratio) < 0.02
        assert 0.69 < ratio.min() <= ratio.max() < 1.36


def test_what_suits_light_and_colour_stays_as_it_is() -> None:
    wanted = 0.2 * even(150, 110, 90)
    assert restrained(wanted, scene((150, 110, 90))) == pytest.approx(wanted, abs=0.01)


def test_lips_may_change_their_colour() -> None:
    found = restrained(even(20, -30, -10), scene((150, 110, 90), lips=TOP))
    assert found[TOP] == pytest.approx(even(20, -30, -10)[TOP])


def test_lines_between_teeth_stay_and_their_brightness_changes() -> None:
    x = np.arange(SIDE)
    lines = np.where(x % 6 < 2, 60, 10).astype(np.float32)[None, :, None] * np.ones((SIDE, 1, 3))
    found = restrained(np.asarray(lines, np.float32), scene((120, 110, 90), mouth=BOTTOM))
    within = found[80:120, 12:-12]
    assert within.mean() == pytest.approx(lines.mean(), rel=0.05)
    assert np.ptp(within) < 0.4 * np.ptp(lines)


def test_nothing_stays_nothing() -> None:
    assert not restrained(even(0, 0, 0), scene((120, 110, 90), lips=TOP, mouth=BOTTOM)).any()
