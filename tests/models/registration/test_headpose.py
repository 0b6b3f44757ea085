"""Head pose: the sign of every angle, by evidence from outside, and its size on known heads."""

from __future__ import annotations

from importlib.resources import files

import cv2
import numpy as np
import pytest

from models.images import decode_image
from models.registration.canonical import canonical_face
from models.registration.face import ImageArray, Pose
from models.registration.headpose import camera_angles, pose_of_rotation, rotation
from tests.models.registration.heads import (
    canonical_head,
    portrait,
    portrait_head,
    registrar,
    rotation_of,
    turned,
)

NOSE_TIP, LEFT_EAR, CHIN = 4, 454, 152


def pose_in(photo: ImageArray) -> Pose:
    return registrar().register(photo).pose


def angles(pose: Pose) -> tuple[float, float, float]:
    return pose.yaw, pose.pitch, pose.roll


def test_yaw_turns_the_nose_to_the_subject_s_left() -> None:
    """The subject faces the camera, so their left is the image's right: x grows."""
    turned_mesh = canonical_face().mesh @ rotation(Pose(yaw=20, pitch=0, roll=0)).T
    assert turned_mesh[NOSE_TIP, 0] > 0.2
    assert turned_mesh[LEFT_EAR, 2] > canonical_face().mesh[LEFT_EAR, 2]  # away from the camera


def test_pitch_lifts_the_nose() -> None:
    lifted = canonical_face().mesh @ rotation(Pose(yaw=0, pitch=20, roll=0)).T
    assert lifted[NOSE_TIP, 1] < canonical_face().mesh[NOSE_TIP, 1] - 0.2
    assert lifted[CHIN, 2] < canonical_face().mesh[CHIN, 2]  # the chin comes forward


def test_roll_turns_clockwise() -> None:
    """Clockwise, what was at the right goes down, which is where y grows."""
    rolled = canonical_face().mesh @ rotation(Pose(yaw=0, pitch=0, roll=20)).T
    assert rolled[LEFT_EAR, 1] > canonical_face().mesh[LEFT_EAR, 1] + 0.2


@pytest.mark.parametrize("pose", [Pose(30, -20, 10), Pose(-70, 40, -170), Pose(5, 5, 95)])
def test_the_rotation_is_the_one_that_its_meaning_gives(pose: Pose) -> None:
    assert rotation(pose) == pytest.approx(rotation_of(pose))


@pytest.mark.parametrize("pose", [Pose(30, -20, 10), Pose(-70, 40, -170), Pose(0, 0, 0)])
def test_angles_come_back(pose: Pose) -> None:
    back = pose_of_rotation(rotation(pose))
    assert (back.yaw, back.pitch, back.roll) == pytest.approx((pose.yaw, pose.pitch, pose.roll))


@pytest.mark.parametrize("degrees", [-75.0, -45.0, -20.0, 20.0, 45.0, 75.0])
def test_turning_a_photo_changes_its_roll_and_nothing_else(degrees: float) -> None:
    upright, found = pose_in(portrait()), pose_in(turned(portrait(), degrees))
    assert found.roll - upright.roll == pytest.approx(degrees, abs=2)
    assert found.yaw == pytest.approx(upright.yaw, abs=2.5)
    assert found.pitch == pytest.approx(upright.pitch, abs=3.5)


def test_mirroring_a_photo_mirrors_yaw_and_roll() -> None:
    upright, mirrored = pose_in(portrait()), pose_in(np.ascontiguousarray(portrait()[:, ::-1]))
    assert mirrored.yaw == pytest.approx(-upright.yaw, abs=2)
    assert mirrored.roll == pytest.approx(-upright.roll, abs=2)
    assert mirrored.pitch == pytest.approx(upright.pitch, abs=2)


def test_a_cameraman_looks_to_the_image_s_right_and_down() -> None:
    """The well-known test photo: a man behind a camera, nearly in profile."""
    photo = decode_image((files("skimage.data") / "camera.png").read_bytes()).rgb
    pose = pose_in(photo)
    assert 40 < pose.yaw < 85
    assert -40 < pose.pitch < -5


@pytest.mark.parametrize(
    ("pose", "expected"),
    [
        (Pose(30, 0, 0), (0, -30, 0)),  # to their own left: a negative turn about y, downwards
        (Pose(0, 20, 0), (-20, 0, 0)),  # up: a negative turn about x
        (Pose(0, 0, 10), (0, 0, 10)),  # clockwise in the image
        # tilt after nod is OpenFace's nod after tilt: Rz(90) Rx(20) = Ry(20) Rz(90)
        (Pose(0, -20, 90), (0, 20, 90)),
    ],
)
def test_camera_angles_are_openface_s(pose: Pose, expected: tuple[float, float, float]) -> None:
    assert np.degrees(camera_angles(pose)) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("pose", [Pose(20, -30, 15), Pose(-40, 10, -60)])
def test_camera_angles_turn_as_the_pose_does(pose: Pose) -> None:
    x, y, z = camera_angles(pose)
    about_x = cv2.Rodrigues(np.array([x, 0, 0]))[0]
    about_y = cv2.Rodrigues(np.array([0, y, 0]))[0]
    about_z = cv2.Rodrigues(np.array([0, 0, z]))[0]
    np.testing.assert_allclose(about_x @ about_y @ about_z, rotation(pose), atol=1e-6)


KNOWN_POSES = [
    *(Pose(yaw, pitch, 0) for yaw in (-20, -10, 0, 10, 20) for pitch in range(-30, 31, 10)),
    *(Pose(0, 0, roll) for roll in (-60, 30, 90)),
    *(Pose(-10, -10, -40), Pose(-20, 15, 15), Pose(15, -15, 30), Pose(10, 10, -120)),
]


@pytest.mark.parametrize("pose", KNOWN_POSES)
def test_a_known_head_s_pose_is_found_within_3_degrees(pose: Pose) -> None:
    found = pose_in(canonical_head().seen(pose))
    assert angles(found) == pytest.approx(angles(pose), abs=3)


@pytest.mark.parametrize("yaw", [-40, -30, 30, 40])
def test_a_known_head_turned_far_is_found_within_6_degrees(yaw: float) -> None:
    found = pose_in(canonical_head().seen(Pose(yaw, 0, 0)))
    assert angles(found) == pytest.approx((yaw, 0, 0), abs=6)


@pytest.mark.parametrize(
    ("pose", "tolerance"),
    [
        (Pose(0, 0, 0), 3),
        (Pose(15, 0, 0), 3),
        (Pose(-15, 0, 0), 3),
        (Pose(0, 20, 0), 3),
        (Pose(0, -20, 0), 3),
        (Pose(10, -10, 20), 3),
        (Pose(-10, -10, -40), 3),
        (Pose(25, -20, 15), 8),
        (Pose(40, 0, 0), 8),
        (Pose(-40, 0, 0), 8),
    ],
)
def test_a_smiling_person_s_pose_is_found(pose: Pose, tolerance: float) -> None:
    """The portrait's own shape and skin, read less well than the average face when turned far."""
    found = pose_in(portrait_head().seen(pose))
    assert angles(found) == pytest.approx(angles(pose), abs=tolerance)
