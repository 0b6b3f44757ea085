"""Readings as a table, in columns that OpenFace's users know."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import IO

from models.estimators.readings import Reading
from models.facs import presence, printed
from models.file_names import printable
from models.registration.headpose import camera_angles

FACE_COLUMNS = ("face_id", "timestamp", "confidence", "success", "reason")
SIGHT_COLUMNS = ("quality", "warnings")
BOX_COLUMNS = ("x", "y", "w", "h")
GAZE_COLUMNS = ("gaze_angle_x", "gaze_angle_y")
POSE_COLUMNS = ("pose_Rx", "pose_Ry", "pose_Rz")
COLUMNS = (*FACE_COLUMNS, *SIGHT_COLUMNS, *BOX_COLUMNS, *GAZE_COLUMNS, *POSE_COLUMNS)


def write_readings(
    out: IO[str], aus: Sequence[str], readings: Iterable[Reading], *, name_files: bool
) -> Iterator[Reading]:
    """Write a row for each reading, and hand it on.

    ``frame`` counts from 1, ``face_id`` from 0; ``timestamp`` is in seconds; ``confidence``, 0 to
    1, is how sure it is that this is a face; ``success`` is 1 where it was read, and ``reason``
    says why not. ``quality``, 0 to 1, is how far to trust it, and ``warnings`` names what hides the
    face, with spaces between (`models.registration.visibility`). ``x``, ``y``, ``w``, ``h`` is the
    face's box in pixels. ``gaze_angle_x`` and ``gaze_angle_y`` are radians, positive to the
    subject's own left and down; ``pose_Rx``, ``pose_Ry`` and ``pose_Rz`` too, as
    `headpose.camera_angles` has them. ``AU01_r`` is the intensity, 0 to 5, and ``AU01_c`` presence.
    What is not known is empty. With `name_files` a column ``file`` leads.
    """
    leading = ("file", "frame") if name_files else ("frame",)
    names = [f"{au}_{kind}" for kind in "rc" for au in aus]
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow([*leading, *COLUMNS, *names])
    for reading in readings:
        lines.writerow(
            [
                *([printable(reading.file)] if name_files else []),
                reading.frame,
                *_face(reading),
                *_sight(reading),
                *_box(reading),
                *_gaze(reading),
                *_pose(reading),
                *_intensities(reading, len(aus)),
            ]
        )
        yield reading


def _face(reading: Reading) -> list[object]:
    return [
        "" if reading.face_id is None else reading.face_id,
        f"{reading.timestamp:.3f}",
        "0.000" if reading.face is None else f"{reading.face.score:.3f}",
        int(reading.intensities is not None),
        reading.reason,
    ]


def _sight(reading: Reading) -> list[str]:
    if reading.face is None:
        return [""] * len(SIGHT_COLUMNS)
    seen = reading.face.visibility
    return [f"{seen.quality:.2f}", " ".join(seen.warnings)]


def _box(reading: Reading) -> list[str]:
    if reading.face is None:
        return [""] * len(BOX_COLUMNS)
    return [f"{side:.1f}" for side in reading.face.box]


def _gaze(reading: Reading) -> list[str]:
    """OpenFace counts down as positive."""
    if reading.gaze is None:
        return [""] * len(GAZE_COLUMNS)
    return [f"{math.radians(angle):z.3f}" for angle in (reading.gaze.yaw, -reading.gaze.pitch)]


def _pose(reading: Reading) -> list[str]:
    if reading.face is None:
        return [""] * len(POSE_COLUMNS)
    return [f"{angle:z.3f}" for angle in camera_angles(reading.face.pose)]


def _intensities(reading: Reading, aus: int) -> list[object]:
    if reading.intensities is None:
        return [""] * (2 * aus)
    return [
        *(f"{value:.2f}" for value in printed(reading.intensities)),
        *(int(there) for there in presence(reading.intensities)),
    ]
