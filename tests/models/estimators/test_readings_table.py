"""The table of readings: OpenFace's columns, empty where nothing is known."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

import numpy as np

from models.estimators.readings import Reading
from models.estimators.readings_table import write_readings
from models.registration import LocatedFace
from models.registration.face import Pose, Visibility
from models.registration.gaze import Gaze

AUS = ("AU06", "AU12")
SEEN = Visibility(0.731, ("beyond-the-edge", "glasses"))
FACE = LocatedFace(
    (10.04, 20.5, 80, 90), Pose(30, 0, 0), 0.98765, np.zeros((468, 3), np.float32), SEEN
)


def _written(readings: list[Reading], name_files: bool = True) -> list[dict[str, str]]:
    out = io.StringIO()
    handed_on = list(write_readings(out, AUS, readings, name_files=name_files))
    assert handed_on == readings
    return list(csv.DictReader(io.StringIO(out.getvalue())))


def test_columns_are_openface_s() -> None:
    read = np.array([0.4951, 0.4949], np.float32)
    [row] = _written(
        [
            Reading(
                Path("F001/T1/0001.jpg"), 7, 0.28, 2, True, 1, FACE, Gaze(yaw=18.0, pitch=9.0), read
            )
        ],
        name_files=False,
    )
    assert row == {
        "frame": "7", "face_id": "1", "timestamp": "0.280", "confidence": "0.988",
        "success": "1", "reason": "", "quality": "0.73", "warnings": "beyond-the-edge glasses",
        "x": "10.0", "y": "20.5", "w": "80.0", "h": "90.0",
        "gaze_angle_x": "0.314", "gaze_angle_y": "-0.157",
        "pose_Rx": "0.000", "pose_Ry": f"{math.radians(-30):.3f}", "pose_Rz": "0.000",
        "AU06_r": "0.50", "AU12_r": "0.49", "AU06_c": "1", "AU12_c": "0",
    }  # fmt: skip


def test_what_is_not_known_is_empty() -> None:
    rows = _written(
        [
            Reading(Path("F001/T1/0001.jpg"), 1, reason="no-face"),
            Reading(Path("F002/T1/0001.jpg"), 0, reason="truncated-image", detail="Cut."),
            Reading(Path("a.avi"), 2, 0.04, 1, True, 0, FACE, reason="face-too-small"),
        ]
    )
    assert [row["file"] for row in rows] == ["F001/T1/0001.jpg", "F002/T1/0001.jpg", "a.avi"]
    assert [row["frame"] for row in rows] == ["1", "0", "2"]
    assert [row["reason"] for row in rows] == ["no-face", "truncated-image", "face-too-small"]
    assert [row["success"] for row in rows] == ["0"] * 3
    assert [row["confidence"] for row in rows] == ["0.000", "0.000", "0.988"]
    assert [row["w"] for row in rows] == ["", "", "80.0"]
    assert [row["quality"] for row in rows] == ["", "", "0.73"]
    for row in rows:
        assert {row[f"{au}_{kind}"] for au in AUS for kind in "rc"} == {""}


def test_names_with_commas_and_quotes_are_one_cell() -> None:
    name = 'a,"b"\n.jpg'
    [row] = _written([Reading(Path(name), 1, reason="no-face")])
    assert row["file"] == name
