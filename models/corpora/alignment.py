"""Pairs the frame numbers of label files with the frames of a video."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

from models.corpora.codes import Codes
from models.corpora.errors import CorpusError
from models.corpora.table import IndexArray
from models.corpora.wording import counted, were

MAX_BEYOND_END: Final = 5
"""Labels a video may lack frames for, at its end: encoders drop a last frame or two (DISFA's
SN010 has 4,844 frames and 4,845 labels). More than that and labels belong to another video."""


def first_number(numbers: IndexArray, frames: int) -> int:
    """The number that the first frame of a video carries, when the corpus does not say.

    Rows that are as many as the frames, without gaps, pair in order, whatever number they start
    with. Otherwise numbers that include 0 start at 0, and others at 1.
    """
    gapless = int(numbers[-1]) - int(numbers[0]) + 1 == len(numbers)
    if gapless and len(numbers) == frames:
        return int(numbers[0])
    return 0 if numbers[0] == 0 else 1


def frames_in_video(
    numbers: IndexArray, first: int, frames: int, files: Iterable[Codes]
) -> npt.NDArray[np.bool_]:
    """Which numbered frames are in a video of `frames` frames whose first is numbered `first`.

    Raises:
        CorpusError: more than `MAX_BEYOND_END` numbers lie outside; it names the first such
            number's file and line.
    """
    within = (numbers >= first) & (numbers < first + frames)
    if int((~within).sum()) > MAX_BEYOND_END or not within.any():
        for codes in files:
            outside = (codes.numbers < first) | (codes.numbers >= first + frames)
            if outside.any():
                row = int(np.flatnonzero(outside)[0])
                raise CorpusError(
                    f"frame {codes.numbers[row]} is not in the video, whose {frames} frames are "
                    f"numbered {first} to {first + frames - 1}: the video is cut short, or these "
                    "labels are of another one",
                    codes.path,
                    int(codes.lines[row]),
                )
    return np.asarray(within, np.bool_)


def unplaced_note(name: str, kept: npt.NDArray[np.bool_]) -> list[str]:
    """What to say of label rows that fit no frame of a video: nothing where all do."""
    count = int((~kept).sum())
    if not count:
        return []
    fit = "fits" if count == 1 else "fit"
    return [
        f"{name}: {counted(count, 'label row')} {fit} no frame of the video and {were(count)} left "
        "out."
    ]
