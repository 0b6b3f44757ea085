"""Where lids end in a photo, what they carry, and what they uncover."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from models.registration.face import FloatArray, ImageArray, View
from models.registration.pyramid import Pyramid
from models.rig.eyeball import uncovered
from models.rig.eyes import IRIS_RADIUS, Eye, uncovering
from models.rig.lids import carried, fitted_lids
from models.rig.model import rig_model
from tests.support.faces import person

SCALE = 200.0
VIEW = View(np.asarray(SCALE * np.eye(3), np.float32), np.array([300, 300, 0], np.float32))
SKIN, WHITE, IRIS = (196, 140, 120), (225, 222, 220), (90, 60, 40)


def pictured(shift: float) -> tuple[FloatArray, ImageArray, float]:
    """A mesh, a photo whose left eye ends `shift` canonical units below the mesh's lids, and the
    middle of its iris."""
    dense, rims = person(), rig_model().left_eye
    upper, lower = dense[list(rims.upper)], dense[list(rims.lower)]
    y, x = np.mgrid[:600, :600].astype(np.float32)
    cx, cy = (x - 300) / SCALE, (y - 300) / SCALE
    # 0 at the corners: they stay
    along = np.clip((cx - upper[0, 0]) / (upper[-1, 0] - upper[0, 0]), 0, 1)
    off = shift * np.sin(np.pi * along)
    top = np.interp(cx, upper[:, 0], upper[:, 1]) + off
    bottom = np.interp(cx, lower[:, 0], lower[:, 1]) + off
    photo = np.full((600, 600, 3), SKIN, np.uint8)
    photo[(cy > top) & (cy < bottom)] = WHITE
    iris_x, iris_y = upper[:, 0].mean(), (upper[:, 1].mean() + lower[:, 1].mean()) / 2
    round_ = np.hypot(cx - iris_x, cy - iris_y) < IRIS_RADIUS
    photo[(cy > top) & (cy < bottom) & round_] = IRIS
    return dense, np.asarray(cv2.GaussianBlur(photo, (0, 0), 1), np.uint8), float(iris_x)


@pytest.mark.parametrize("shift", [-0.02, 0.0, 0.02])
def test_lids_are_found_where_the_white_ends(shift: float) -> None:
    dense, photo, iris_x = pictured(shift)
    rims = rig_model().left_eye
    fitted = fitted_lids(rims, dense, iris_x, VIEW, Pyramid(photo))
    for rim in (rims.upper, rims.lower):
        x = dense[list(rim), 0]
        along = (x - x[0]) / (x[-1] - x[0])
        beside = np.abs(x - iris_x) > IRIS_RADIUS
        moved = (fitted - dense)[list(rim), 1]
        wanted = shift * np.sin(np.pi * along)
        assert moved[beside] == pytest.approx(wanted[beside], abs=0.008)  # half a millimetre
        assert moved[[0, -1]] == pytest.approx(0, abs=1e-3)


def test_even_skin_leaves_the_meshs_lids() -> None:
    dense = person()
    photo = np.full((600, 600, 3), SKIN, np.uint8)
    fitted = fitted_lids(rig_model().left_eye, dense, 0.5, VIEW, Pyramid(photo))
    assert fitted == pytest.approx(rig_model().left_eye.curved(dense), abs=1e-5)


def test_lids_that_come_nearer_are_looked_up_on_the_lids() -> None:
    dense, rims = person(), rig_model().left_eye
    assert carried(rims, dense, dense) is None
    close = np.zeros((len(rims.upper), 3), np.float32)
    close[:, 1] = 0.9 * rims.gaps(dense)
    onto = carried(rims, dense, rims.move(dense, close, 0 * close))
    assert onto is not None
    at = {int(vertex): row for row, vertex in enumerate(rims.near)}
    middle = len(rims.upper) // 2
    assert onto[at[rims.upper[middle]], 1] < -0.01
    assert onto[at[rims.lower[middle]], 1] > 0.007
    assert np.abs(onto).max() < 0.02


def test_a_raised_lid_uncovers_a_round_iris_and_white() -> None:
    dense, photo, iris_x = pictured(0.0)
    rims = rig_model().left_eye
    middle = float(dense[[*rims.upper, *rims.lower], 1].mean())
    eye = Eye(rims, (iris_x, middle))
    ball = uncovered(eye, dense, VIEW, Pyramid(photo))
    turn = np.linspace(0, 2 * np.pi, 12, endpoint=False)

    def ring(radius: float) -> FloatArray:
        x, y = iris_x + radius * np.cos(turn), middle + radius * np.sin(turn)
        return ball.at(np.stack([x, y], axis=1).astype(np.float32))

    assert ring(0.7 * IRIS_RADIUS) == pytest.approx(np.tile(IRIS, (12, 1)), abs=14)
    above = ball.at(np.array([[iris_x, middle - 1.5 * IRIS_RADIUS]], np.float32))
    assert above[0] == pytest.approx(WHITE, abs=8)


def test_only_what_was_hidden_is_uncovered() -> None:
    dense, rims = person(), rig_model().left_eye
    eye = Eye(rims, (float(dense[list(rims.upper), 0].mean()), 0.0))
    middle = len(rims.upper) // 2
    top, bottom = dense[rims.upper[middle]], dense[rims.lower[middle]]
    points = np.stack([top - [0, 0.03, 0], (top + bottom) / 2]).astype(np.float32)
    assert uncovering(eye, dense, dense, points) == pytest.approx([0, 0])
    raise_ = np.zeros((len(rims.upper), 3), np.float32)
    raise_[:, 1] = -0.05
    raised = rims.move(dense, raise_, 0 * raise_)
    assert uncovering(eye, dense, raised, points) == pytest.approx([1, 0])
