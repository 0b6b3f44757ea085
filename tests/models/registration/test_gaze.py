"""Where eyes look: signs, size, and that a head's turn is not a gaze."""

from __future__ import annotations

import numpy as np
import pytest

from models.registration.canonical import canonical_face
from models.registration.contours import LEFT_EYE, RIGHT_EYE
from models.registration.face import Pose
from models.registration.gaze import Gaze, gaze_of
from models.registration.refined import LEFT_IRIS, POINT_COUNT, RIGHT_IRIS, RefinedMesh
from scripts.measure_gaze import irises_moved
from tests.models.registration.heads import canonical_head, rotation_of
from tests.models.registration.test_refined import refined

_SCALE = 120.0
_IRIS = 11.7 / 63 * _SCALE
"""Pixels across an iris of a head with 120 pixels between its eyes."""


def looking(pose: Pose, yaw: float = 0.0, pitch: float = 0.0, lids: float = 1.0) -> RefinedMesh:
    """The mean face in a pose, its irises drawn where eyeballs that look so would carry them.

    Angles of the gaze are in the camera's frame. Eyeballs as in the module's description: their
    middles .14 iris diameters outwards, .16 up and .33 behind the corners' middle.
    """
    mesh = canonical_face().mesh.copy()
    for eye in (RIGHT_EYE, LEFT_EYE):
        inner = list(eye.upper[1:-1]), list(eye.lower[1:-1])
        middle = (mesh[inner[0]] + mesh[inner[1]]) / 2
        mesh[inner[0]], mesh[inner[1]] = (
            middle + lids * (mesh[side] - middle) for side in (inner[0], inner[1])
        )
    turn = rotation_of(pose)
    points = np.zeros((POINT_COUNT, 3), np.float32)
    points[:468] = (_SCALE * mesh) @ turn.T + [256, 256, 0]
    across, down = np.sin(np.radians(yaw)), -np.sin(np.radians(pitch))
    for eye, iris, nose in ((RIGHT_EYE, RIGHT_IRIS, 1), (LEFT_EYE, LEFT_IRIS, -1)):
        corners = points[[eye.upper[0], eye.upper[-1]]].mean(axis=0)
        ball = corners + _IRIS * (turn @ [-0.14 * nose, -0.16, 0.33])
        centre = ball + 0.9 * _IRIS * np.array([across, down, 0])
        rim = _IRIS / 2 * np.array([[0, 0], [1, 0], [0, -1], [-1, 0], [0, 1]])
        points[list(iris), :2] = centre[:2] + rim
    return RefinedMesh(points, 1.0)


def read(mesh: RefinedMesh) -> Gaze:
    gaze = gaze_of(mesh)
    assert gaze is not None
    return gaze


@pytest.mark.parametrize(
    "pose", [Pose(0, 0, 0), Pose(25, 0, 0), Pose(-25, 0, 0), Pose(0, 15, 0), Pose(10, -10, 20)]
)
def test_into_the_camera_is_zero_however_the_head_is_turned(pose: Pose) -> None:
    gaze = read(looking(pose))
    assert abs(gaze.yaw) < 4
    assert abs(gaze.pitch) < 4


def test_yaw_is_positive_to_the_subjects_own_left() -> None:
    """The subject's left is the image's right. Irises are seen to move .79 as far as they do."""
    assert read(looking(Pose(0, 0, 0), yaw=12)).yaw == pytest.approx(12 / 0.79, abs=1.5)
    assert read(looking(Pose(0, 0, 0), yaw=-12)).yaw == pytest.approx(-12 / 0.79, abs=1.5)


def test_pitch_is_positive_up() -> None:
    assert read(looking(Pose(0, 0, 0), pitch=10)).pitch == pytest.approx(10, abs=1.5)
    assert read(looking(Pose(0, 0, 0), pitch=-10)).pitch == pytest.approx(-10, abs=1.5)


def test_closed_eyes_look_nowhere() -> None:
    assert gaze_of(looking(Pose(0, 0, 0), lids=0.1)) is None


def test_moved_irises_are_seen_to_move() -> None:
    """By .4 of a diameter: asin(.4 / .9) = 26 degrees."""
    photo = canonical_head().seen(Pose(0, 0, 0))
    mesh = refined(photo)
    ahead = read(mesh)
    assert abs(ahead.yaw) < 8
    for across in (0.4, -0.4):
        moved = read(refined(irises_moved(photo, mesh.points, (across, 0.0))))
        assert moved.yaw - ahead.yaw == pytest.approx(np.sign(across) * 26, abs=10)
        assert abs(moved.pitch - ahead.pitch) < 5
