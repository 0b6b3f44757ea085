"""Head pose as three angles, and the rotations they stand for."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from models.registration.face import Pose, View

DoubleArray = npt.NDArray[np.float64]


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


def pose_of(view: View) -> Pose:
    """The pose in which `view` shows the face; the inverse of `rotation` for |yaw| < 90."""
    turned = view.matrix.astype(np.float64) / view.scale
    return Pose(
        yaw=math.degrees(math.asin(max(-1.0, min(1.0, float(turned[2, 0]))))),
        pitch=-math.degrees(math.atan2(float(turned[2, 1]), float(turned[2, 2]))),
        roll=math.degrees(math.atan2(float(turned[1, 0]), float(turned[0, 0]))),
    )
