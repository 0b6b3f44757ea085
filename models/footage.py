"""The frames of photos and videos, with the time of each, in memory that does not grow with them.

What a file is, its bytes say: OpenCV's video reader opens photos too, and of tiled ones a tile.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from models.file_kinds import HEAD, is_video
from models.images import ImageError, NotAnImageError, decode_image

ImageArray = npt.NDArray[np.uint8]

CHUNK_FRAMES: Final = 16
CHUNK_BYTES: Final = 128_000_000
"""Frames that are held at a time: 16 * 1920 * 1080 * 3 B = 100 MB; one photo may be larger."""


class FootageError(ValueError):
    """A file that has no frames to read; `code` names the reason."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, eq=False)
class Frame:
    """One frame of a file.

    Attributes:
        file: it is of.
        number: from 1.
        timestamp: seconds from the beginning at which it is shown, as the file says; 0 for photos.
        image: uint8 (H, W, 3) RGB, upright.
    """

    file: Path
    number: int
    timestamp: float
    image: ImageArray


@dataclass(frozen=True)
class Unreadable:
    """A file, or the rest of one, that gave no frames, and why."""

    file: Path
    error: FootageError


def frames_of(file: Path) -> Iterator[Frame]:
    """The frames of a photo (one) or a video, in order.

    Raises:
        FootageError: the file is missing, damaged, or neither.
    """
    try:
        with file.open("rb") as opened:
            moving = is_video(opened.read(HEAD))
        if moving:
            yield from _video(file)
        else:
            yield Frame(file, 1, 0.0, decode_image(file.read_bytes()).rgb)
    except NotAnImageError as error:
        raise FootageError(
            error.code, "It is neither a photo nor a video that can be read."
        ) from error
    except ImageError as error:
        raise FootageError(error.code, str(error)) from error
    except OSError as error:
        raise FootageError("unreadable-file", f"{error.strerror or error}.") from error


def all_frames(files: Sequence[Path]) -> Iterator[Frame | Unreadable]:
    """The frames of all files; where a file cannot be read, that takes its place."""
    for file in files:
        try:
            yield from frames_of(file)
        except FootageError as error:
            yield Unreadable(file, error)


def chunks(frames: Iterator[Frame | Unreadable]) -> Iterator[list[Frame | Unreadable]]:
    """The same, some at a time: as many as are worth working on together and fit into memory."""
    chunk: list[Frame | Unreadable] = []
    held = 0
    for frame in frames:
        size = frame.image.nbytes if isinstance(frame, Frame) else 0
        if chunk and (len(chunk) == CHUNK_FRAMES or held + size > CHUNK_BYTES):
            yield chunk
            chunk, held = [], 0
        chunk.append(frame)
        held += size
    if chunk:
        yield chunk


def count_frames(file: Path) -> int:
    """How many frames a file says it has; 1 for a photo, 0 where it cannot be told."""
    try:
        with file.open("rb") as opened:
            if not is_video(opened.read(HEAD)):
                return 1
    except OSError:
        return 0
    video = cv2.VideoCapture(str(file))
    try:
        return max(0, int(video.get(cv2.CAP_PROP_FRAME_COUNT)))
    finally:
        video.release()


def _video(file: Path) -> Iterator[Frame]:
    video = cv2.VideoCapture(str(file))
    number = 0
    try:
        while True:
            there, image = video.read()
            if not there:
                break
            number += 1
            # of the frame just read, by the container's presentation times
            seconds = video.get(cv2.CAP_PROP_POS_MSEC) / 1000
            rgb = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)
            yield Frame(file, number, seconds, rgb)
    finally:
        video.release()
    if number == 0:
        raise FootageError("unreadable-video", "It is not a video that can be read.")
