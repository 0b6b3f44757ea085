"""Head pose: the sign of every angle, by evidence from outside, and its size on known heads."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
import pytest

from models.images import decode_image
from models.registration.canonical import canonical_face
from models.registration.face import ImageArray, Pose
from models.registration.headpose import pose_of_rotation, rotation
from tests.models.registration.heads import (
    known_head,
    portrait,
    portrait_mesh,
    registrar,
    rotation_of,
    turned,
)

NOSE_TIP, LEFT_EAR, CHIN = 4, 454, 152


def pose_in(photo: ImageArray) -> Pose:
    return registrar().register(photo).pose


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
    "pose",
    [
        Pose(0, 0, 0),
        Pose(15, 0, 0),
        Pose(-15, 0, 0),
        Pose(0, 10, 0),
        Pose(0, 20, 0),
        Pose(0, -10, 0),
        Pose(0, -20, 0),
        Pose(0, 0, 30),
        Pose(0, 0, -60),
        Pose(10, -10, 20),
        Pose(-10, -10, -40),
    ],
)
def test_a_known_head_s_pose_is_found_within_3_degrees(pose: Pose) -> None:
    mesh, _ = portrait_mesh()
    found = pose_in(known_head(pose, mesh))
    assert found.yaw == pytest.approx(pose.yaw, abs=3)
    assert found.pitch == pytest.approx(pose.pitch, abs=3)
    assert found.roll == pytest.approx(pose.roll, abs=3)


@pytest.mark.parametrize(
    "pose", [Pose(30, 0, 0), Pose(-30, 0, 0), Pose(40, 0, 0), Pose(-40, 0, 0), Pose(25, -20, 15)]
)
def test_a_known_head_turned_far_is_found_within_8_degrees(pose: Pose) -> None:
    mesh, _ = portrait_mesh()
    found = pose_in(known_head(pose, mesh))
    assert found.yaw == pytest.approx(pose.yaw, abs=8)
    assert found.pitch == pytest.approx(pose.pitch, abs=8)
    assert found.roll == pytest.approx(pose.roll, abs=4)
