"""Where a frame's pixels come from, decoded one at a time and only when asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from models.corpora.errors import CorpusError, FrameMissingError
from models.images import ImageError, ImageLimits, decode_image

ImageArray = npt.NDArray[np.uint8]
Box = tuple[float, float, float, float]
"""Left, top, width and height of a face, in pixels."""


class FrameReader(Protocol):
    """Reads the frames of one sequence; a context manager that frees what it opened."""

    def read(self, position: int) -> ImageArray:
        """The frame at `position` as uint8 (H, W, 3) RGB."""
        ...

    def __enter__(self) -> FrameReader: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


@dataclass(frozen=True)
class Video:
    """Frames of a video file; a position is a frame's number in decoding order, from 0."""

    path: Path
    boxes: Mapping[int, Box] = field(default_factory=dict)
    """Where in the frame of a position the labelled face is, of frames that show others too."""

    def file(self, position: int) -> Path:
        """The file that holds the frame."""
        return self.path

    def files(self) -> Iterable[Path]:
        """The files that are read."""
        return (self.path,)

    def reader(self) -> FrameReader:
        """Open the video.

        Raises:
            CorpusError: the file is no video that can be decoded, or its frames are too large.
        """
        opened = VideoReader(self.path)
        return CroppedReader(opened, self.boxes) if self.boxes else opened


@dataclass(frozen=True)
class Pictures:
    """Frames that are image files of one folder; a position is an index into `names`."""

    folder: Path
    names: tuple[str, ...]
    boxes: Mapping[int, Box] = field(default_factory=dict)
    """See `Video`."""

    def file(self, position: int) -> Path:
        """The file that holds the frame."""
        return self.folder / self.names[position]

    def files(self) -> Iterable[Path]:
        """The files that are read."""
        return (self.folder / name for name in self.names)

    def reader(self) -> FrameReader:
        """A reader of these files; nothing is opened yet."""
        reader = PictureReader(self)
        return CroppedReader(reader, self.boxes) if self.boxes else reader


FrameSource = Video | Pictures


class CroppedReader:
    """Cuts the surroundings of one face out of frames that show several.

    Around the box, half of its size is kept on each side: as much as finding a face needs.
    """

    def __init__(self, reader: FrameReader, boxes: Mapping[int, Box]) -> None:
        self._reader = reader
        self._boxes = boxes

    def read(self, position: int) -> ImageArray:
        """The frame, or the part of it around the face.

        Raises:
            FrameMissingError: see the reader; or the box lies outside of the frame.
        """
        frame = self._reader.read(position)
        if position not in self._boxes:
            return frame
        left, top, width, height = self._boxes[position]
        rows = slice(max(round(top - height / 2), 0), max(round(top + 1.5 * height), 0))
        columns = slice(max(round(left - width / 2), 0), max(round(left + 1.5 * width), 0))
        part = frame[rows, columns]
        if not part.size:
            raise FrameMissingError("the face's box lies outside of the frame", Path(""))
        return np.ascontiguousarray(part)

    def __enter__(self) -> CroppedReader:
        self._reader.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._reader.__exit__(kind, error, trace)


class PictureReader:
    """Decodes image files, one a frame."""

    def __init__(self, source: Pictures) -> None:
        self._source = source

    def read(self, position: int) -> ImageArray:
        """Decode one picture.

        Raises:
            FrameMissingError: the file is gone or is no image that can be decoded.
        """
        path = self._source.file(position)
        try:
            return np.asarray(decode_image(path.read_bytes()).rgb, np.uint8)
        except (OSError, ImageError) as error:
            raise FrameMissingError(str(error), path) from error

    def __enter__(self) -> PictureReader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None


class VideoReader:
    """Decodes a video in order; going back starts over.

    Seeking by frame number lands on a neighbouring frame in videos with predicted frames, which
    would shift labels against pixels. So frames in between are decoded and dropped instead.
    """

    def __init__(self, path: Path, limits: ImageLimits | None = None) -> None:
        self._path = path
        self._capture = _open(path)
        self._next = 0
        limits = limits or ImageLimits()
        width = int(self._capture.get(cv2.CAP_PROP_FRAME_WIDTH))
        height = int(self._capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
        if max(width, height) > limits.max_side or width * height > limits.max_pixels:
            self._capture.release()
            raise CorpusError(
                f"its frames of {width}x{height} pixels are larger than the limit of "
                f"{limits.max_pixels} pixels and {limits.max_side} a side",
                path,
            )

    def read(self, position: int) -> ImageArray:
        """Decode one frame.

        Raises:
            FrameMissingError: the video ends or breaks before it.
        """
        if position < self._next:
            self._capture.release()
            self._capture = _open(self._path)
            self._next = 0
        while self._next < position:
            if not self._capture.grab():
                raise self._missing(position)
            self._next += 1
        decoded, frame = self._capture.read()
        if not decoded:
            raise self._missing(position)
        self._next += 1
        return np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), np.uint8)

    def _missing(self, position: int) -> FrameMissingError:
        return FrameMissingError(
            f"frame {position} cannot be decoded: the video ends or breaks at frame {self._next}",
            self._path,
        )

    def __enter__(self) -> VideoReader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._capture.release()


def frame_count(path: Path) -> int:
    """The number of frames a video's header promises; what decodes may be a little less.

    Raises:
        CorpusError: the file is no video that can be decoded, or holds no frames.
    """
    capture = _open(path)
    try:
        count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    finally:
        capture.release()
    if count < 1:
        raise CorpusError("the video holds no frames", path)
    return count


def cut_short(path: Path) -> tuple[int, int] | None:
    """The bytes an AVI has and those its header promises, where they are fewer; None otherwise.

    A copy that broke off still opens and promises all its frames. Other containers that are cut
    cannot be opened at all.

    Raises:
        CorpusError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(12)
            size = file.seek(0, 2)
    except OSError as error:
        raise CorpusError(f"cannot be read: {error.strerror}", path) from error
    if len(head) < 12 or head[:4] != b"RIFF" or head[8:] != b"AVI ":
        return None
    promised = int.from_bytes(head[4:8], "little") + 8
    return (size, promised) if size < promised else None


def _open(path: Path) -> cv2.VideoCapture:
    # named backend: the automatic choice falls back on reading digits in names as image series
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    if not capture.isOpened():
        capture.release()
        raise CorpusError("the video cannot be opened: it is damaged or its codec unknown", path)
    return capture
