"""Head pose as three angles, and the rotations they stand for."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from models.registration.face import Pose, View

DoubleArray = npt.NDArray[np.float64]

_YAW_GAIN: Final = 1.07
_PITCH_GAIN: Final = 1.28
_ROLL_OF_YAW: Final = 0.06
"""How far a head is turned for each degree that the mesh says, and the roll that a turned mesh
wrongly leans by. Fitted by ``scripts/measure_head_pose.py`` up to 40 degrees on 23 re-rendered
people, on the canonical mesh in their skins and on 8 modelled heads; what it leaves there is 2.4
degrees of yaw, 2.5 of pitch and 1.1 of roll (root mean square)."""


def rotation(pose: Pose) -> DoubleArray:
    """float64 (3, 3) that turns the frontal canonical face into `pose`: nod, turn, then tilt.

    The nod is about the head's own ear-to-ear axis, the turn about the image's vertical and the
    tilt in the image plane, so that turning a photo changes nothing but its roll.
    """
    # In a frame with x right, y down and z away from the camera, right-handed turns about x and y
    # bring the nose down and to the image's left: the negatives of pitch and yaw.
    nod, turn, tilt = (math.radians(angle) for angle in (-pose.pitch, -pose.yaw, pose.roll))
    about_x = np.array(
        [[1, 0, 0], [0, math.cos(nod), -math.sin(nod)], [0, math.sin(nod), math.cos(nod)]]
    )
    about_y = np.array(
        [[math.cos(turn), 0, math.sin(turn)], [0, 1, 0], [-math.sin(turn), 0, math.cos(turn)]]
    )
    about_z = np.array(
        [[math.cos(tilt), -math.sin(tilt), 0], [math.sin(tilt), math.cos(tilt), 0], [0, 0, 1]]
    )
    return np.asarray(about_z @ about_y @ about_x, np.float64)


def pose_of_rotation(turned: DoubleArray) -> Pose:
    """The pose whose `rotation` is `turned`, (3, 3), for |yaw| < 90 degrees."""
    return Pose(
        yaw=math.degrees(math.asin(max(-1.0, min(1.0, float(turned[2, 0]))))),
        pitch=-math.degrees(math.atan2(float(turned[2, 1]), float(turned[2, 2]))),
        roll=math.degrees(math.atan2(float(turned[1, 0]), float(turned[0, 0]))),
    )


def head_pose(photo_view: View) -> Pose:
    """The head's pose in a photo, from the view that its mesh was aligned by.

    The mesh network draws heads nearer to frontal than they are, in the image and not only in
    depth, so the view's own angles fall short by a known share; here they are made whole. The
    view itself stays as it fits the mesh.
    """
    fitted = pose_of_rotation(photo_view.matrix.astype(np.float64) / photo_view.scale)
    return Pose(
        yaw=fitted.yaw * _YAW_GAIN,
        pitch=fitted.pitch * _PITCH_GAIN,
        roll=fitted.roll + fitted.yaw * _ROLL_OF_YAW,
    )


def camera_angles(pose: Pose) -> tuple[float, float, float]:
    """The pose as OpenFace writes it: turns about the camera's axes x, y and z in radians.

    x goes right in the image, y down and z away from the camera, and the turns apply z first, then
    y, then x: a head tipped up has a negative first angle, one turned to its own right a positive
    second, one tilted clockwise in the image a positive third.
    """
    turned = rotation(pose)
    return (
        math.atan2(-turned[1, 2], turned[2, 2]),
        math.asin(max(-1.0, min(1.0, float(turned[0, 2])))),
        math.atan2(-turned[0, 1], turned[0, 0]),
    )
