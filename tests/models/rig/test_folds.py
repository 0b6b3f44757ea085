"""Folds on one person's skin, in the light of their photo."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from models.facs import SUPPORTED_AUS
from models.registration.face import FloatArray
from models.rig.appearance import MAP_SHAPE, map_grid
from models.rig.deform import gains
from models.rig.folds import folds
from models.rig.model import rig_model
from models.rig.skin import Skin
from models.rig.subject import measure
from tests.support.faces import astronaut, target

NO_LIGHT = np.zeros(2, np.float32)
NEUTRAL = gains(target())


def skin(depth: float = 1.0, gleam: float = 1.0, crease: float = 0.0) -> Skin:
    even = np.ones(MAP_SHAPE, np.float32)
    return Skin(crease * even, depth * even, gleam)


def drawn(light: FloatArray = NO_LIGHT, on: Skin | None = None, /, **aus: object) -> FloatArray:
    return folds(rig_model(), on or skin(), light, gains(target(**aus)), NEUTRAL)


def test_nothing_asked_folds_nothing() -> None:
    assert not drawn(np.array([0.3, -0.2], np.float32)).any()


@pytest.mark.parametrize("au", sorted(set(SUPPORTED_AUS) - {"AU05", "AU25", "AU43"}))
def test_no_fold_is_a_stroke_of_charcoal(au: str) -> None:
    log = drawn(np.array([0.0, -0.15], np.float32), **{au: "E"})
    assert log.min() < -0.05  # but every one can be seen
    assert np.exp(log.min()) > 0.6


def test_the_light_decides_which_side_of_a_fold_is_dark() -> None:
    x, y = map_grid()
    cheek = (np.abs(np.abs(x) - 0.52) < 0.06) & (np.abs(y - 0.25) < 0.1)
    above, below = (
        drawn(np.array([0.0, tilt], np.float32), AU10="E") - drawn(AU10="E") for tilt in (-0.2, 0.2)
    )
    assert above[cheek].mean() < -0.01  # the bulge over the fold slopes down, away from the light
    assert below[cheek].mean() > 0.01
    aside = drawn(np.array([0.2, 0.0], np.float32), AU10="E") - drawn(AU10="E")
    assert aside[cheek & (x > 0)].mean() * aside[cheek & (x < 0)].mean() < 0


def test_smooth_skin_folds_less_and_dark_skin_gleams_more() -> None:
    light = np.array([0.0, -0.15], np.float32)
    usual = drawn(light, AU04="E")
    assert drawn(light, skin(depth=0.6), AU04="E").min() == pytest.approx(0.6 * usual.min())
    dark = drawn(light, skin(gleam=1.8), AU04="E")
    assert dark.min() == pytest.approx(usual.min())
    assert dark.max() > 1.2 * usual.max()


def test_creases_that_are_there_deepen_and_fill_where_the_au_folds() -> None:
    creased = skin(crease=-0.1)
    more = drawn(NO_LIGHT, creased, AU12="E") - drawn(NO_LIGHT, AU12="E")
    assert more.min() < -0.08
    assert not more[:30].any()  # the forehead
    taken = folds(rig_model(), creased, NO_LIGHT, NEUTRAL, gains(target(AU12="E")))
    assert 0.04 < taken.max() < 0.1
    # Without a crease there is nothing to fill: no blotches where a fold would be.
    assert not folds(rig_model(), skin(), NO_LIGHT, NEUTRAL, gains(target(AU12="E"))).any()


def test_one_side_folds_alone() -> None:
    half = MAP_SHAPE[1] // 2
    left = drawn(AU12L="E")
    assert left[:, half:].any()
    assert not left[:, :half].any()


def test_smoother_skin_is_measured_to_fold_less() -> None:
    face = astronaut()
    soft = np.asarray(cv2.GaussianBlur(face.photo, (0, 0), 2.5), np.uint8)
    rough = measure(rig_model(), face).skin
    smooth = measure(rig_model(), replace(face, photo=soft)).skin
    assert smooth.depth.mean() < rough.depth.mean() - 0.1
