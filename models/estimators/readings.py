"""What was read from one face of one frame, or why nothing was."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from models.registration import LocatedFace
from models.registration.gaze import Gaze

NO_FACE: Final = "no-face"
NOT_SEEN: Final = "face-not-seen"
TOO_SMALL: Final = "face-too-small"
OTHER_PERSON: Final = "other-person"


@dataclass(frozen=True, eq=False)
class Reading:
    """A row of the table.

    Attributes:
        file: as it was named.
        frame: from 1; 0 where the file itself cannot be read.
        timestamp: seconds, as the file says.
        faces: how many the frame shows.
        first: whether it is its frame's first row.
        face_id: which of the file's faces, from 0 in the order they appear.
        face: where it is; None where there is none to show.
        gaze: where it looks; None where both eyes are closed, or nothing was read.
        intensities: float32 (A,), 0 to 5; None where nothing was read.
        reason: why nothing was, a word with dashes; empty where something was.
        detail: the same as a sentence, for files that cannot be read.
    """

    file: Path
    frame: int
    timestamp: float = 0.0
    faces: int = 0
    first: bool = True
    face_id: int | None = None
    face: LocatedFace | None = None
    gaze: Gaze | None = None
    intensities: npt.NDArray[np.float32] | None = None
    reason: str = ""
    detail: str = ""
