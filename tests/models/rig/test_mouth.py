"""What shows between lips that part."""

from __future__ import annotations

import numpy as np
import pytest

from models.registration.face import FloatArray
from models.rig.light import LUMINANCE
from models.rig.model import rig_model
from models.rig.mouth import MouthState, draw_interior, teeth_colour


def column(jaw: float, height: float, teeth: FloatArray) -> FloatArray:
    """Colours (P, 3) down the middle of a mouth that is open by `height`, from the upper lip on."""
    state = MouthState((0.0, 0.64), 1.0, jaw, teeth)
    y = np.linspace(0.62, 0.62 + height, 40, dtype=np.float32)
    at = np.stack([np.zeros_like(y), y], axis=1)
    roof, floor = np.full_like(y, y[0]), np.full_like(y, y[-1])
    return draw_interior(state, rig_model().teeth[0], at, roof, floor)


def test_upper_teeth_hang_from_the_skull_and_dark_lies_below_them() -> None:
    shown = column(jaw=0.2, height=0.3, teeth=np.full(3, 190, np.float32)) @ LUMINANCE
    assert shown[:10].max() > 2.5 * shown[10:].min()
    assert shown[10:].min() < 60


def test_teeth_take_the_photos_light() -> None:
    bright, dim = (
        column(0.1, 0.1, teeth_colour(skin, np.full(3, white, np.float32))).max()
        for skin, white in ((190.0, 200.0), (60.0, 60.0))
    )
    assert dim < 0.75 * bright


def test_half_of_a_cast_reaches_the_teeth() -> None:
    warm = teeth_colour(150.0, np.array([180, 150, 120], np.float32))
    assert warm[0] > warm[1] > warm[2]
    assert warm[0] / warm[2] == pytest.approx(1.2, abs=0.1)  # of the sclera's 1.5
