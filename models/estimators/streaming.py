"""AU intensities of videos and photos, frame by frame, in memory that does not grow with them."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Final

import cv2
import numpy as np
import numpy.typing as npt

from models.estimators.reader import Reader
from models.estimators.same_person import OtherPersonError, person_model
from models.facs import presence, printed
from models.file_kinds import HEAD, is_video
from models.images import NotAnImageError, decode_image
from models.registration import Registrar, RegistrationError
from models.registration.face import RegisteredFace
from models.registration.gaze import Gaze

ImageArray = npt.NDArray[np.uint8]

_GAZE: Final = ("gaze_angle_x", "gaze_angle_y")
Seen = tuple[RegisteredFace | None, Gaze | None]
"""A frame's face, and where it looks."""
CHUNK: Final = 16
"""Frames at a time: 16 * 1920 * 1080 * 3 B = 100 MB."""


class VideoError(ValueError):
    """The file is no video that can be read."""


@dataclass(frozen=True, eq=False)
class Frame:
    """One frame of a file and what was read from it; frames count from 1.

    `intensities` is float32 (A,), or None where no face was found; `gaze` is None there and where
    both eyes are closed.
    """

    file: str
    number: int
    intensities: npt.NDArray[np.float32] | None
    gaze: Gaze | None = None


@dataclass(frozen=True, eq=False)
class FrameReader:
    """Finds the largest face of each frame and reads it.

    Attributes:
        registrar: finds faces.
        reader: reads them.
        neutral: the face that `reader` is calibrated by, if frames are to be held against it.
        threads: that find faces at the same time.
    """

    registrar: Registrar
    reader: Reader
    neutral: RegisteredFace | None = None
    threads: int = 2

    def read(self, files: Sequence[Path]) -> Iterator[Frame]:
        """Every frame of every file, in order.

        Raises:
            VideoError, models.images.ImageError, OSError: a file cannot be read.
            OtherPersonError: most of the first faces do not look like the person of `neutral`.
        """
        checked = self.neutral is None
        with ThreadPoolExecutor(self.threads, thread_name_prefix="faces") as pool:
            for file in files:
                numbered = enumerate(_frames(file), start=1)
                while chunk := list(islice(numbered, CHUNK)):
                    seen = list(pool.map(self._face, [image for _, image in chunk]))
                    found = [face for face, _ in seen if face is not None]
                    if found and not checked:
                        self._check_person(found)
                        checked = True
                    yield from self._estimated(file, [number for number, _ in chunk], seen)

    def _face(self, image: ImageArray) -> Seen:
        try:
            face = self.registrar.register(image, kind=self.reader.config.registration)
        except RegistrationError:
            return None, None
        return face, self.registrar.gaze(image, face.photo_view.project(face.mesh))

    def _estimated(
        self, file: Path, numbers: Iterable[int], seen: Sequence[Seen]
    ) -> Iterator[Frame]:
        found = [face.image for face, _ in seen if face is not None]
        rows = iter(self.reader.estimate(np.stack(found)).intensities if found else ())
        for number, (face, gaze) in zip(numbers, seen, strict=True):
            yield Frame(file.name, number, None if face is None else next(rows), gaze)

    def _check_person(self, faces: Sequence[RegisteredFace]) -> None:
        if self.neutral is None:
            return
        model = person_model()
        distances = sorted(model.distance(self.neutral, face) for face in faces)
        middle = distances[len(distances) // 2]
        if middle > model.limit:
            raise OtherPersonError(middle, model.limit)


def count_frames(file: Path) -> int:
    """How many frames a file has, as far as it says; 0 when it does not."""
    if not _is_video(file):
        return 1
    video = cv2.VideoCapture(str(file))
    try:
        return max(0, int(video.get(cv2.CAP_PROP_FRAME_COUNT)))
    finally:
        video.release()


def write_csv(
    out: IO[str],
    aus: Sequence[str],
    frames: Iterable[Frame],
    *,
    name_files: bool,
    progress: Callable[[], object] = lambda: None,
) -> tuple[int, int]:
    """Write frames in the columns that OpenFace's users know; how many, and how many with a face.

    ``frame`` counts from 1; ``success`` is 1 where a face was found; ``AU01_r`` is the intensity,
    0 to 5, and ``AU01_c`` presence, 1 from a trace (0.50) on; ``gaze_angle_x`` and
    ``gaze_angle_y`` are radians, positive to the subject's own left and down. Frames without a
    face have these empty. With `name_files` a column ``file`` leads.
    """
    columns = ["frame", "success", *_GAZE, *(f"{au}_r" for au in aus), *(f"{au}_c" for au in aus)]
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow(["file", *columns] if name_files else columns)
    count = found = 0
    for frame in frames:
        values = frame.intensities
        row: list[object] = [frame.file] if name_files else []
        row += [frame.number, int(values is not None), *_angles(frame.gaze)]
        if values is None:
            row += [""] * (2 * len(aus))
        else:
            row += [f"{value:.2f}" for value in printed(values)]
            row += [int(present) for present in presence(values)]
            found += 1
        lines.writerow(row)
        count += 1
        progress()
    return count, found


def _angles(gaze: Gaze | None) -> tuple[str, str]:
    """The cells of `_GAZE`; OpenFace counts down as positive."""
    if gaze is None:
        return "", ""
    return f"{math.radians(gaze.yaw):.3f}", f"{math.radians(-gaze.pitch):.3f}"


def _is_video(file: Path) -> bool:
    """By the file's first bytes: OpenCV reads photos too, and of tiled ones a tile."""
    with file.open("rb") as opened:
        return is_video(opened.read(HEAD))


def _frames(file: Path) -> Iterator[ImageArray]:
    if not file.is_file():
        raise VideoError(f"{file} is not a file.")
    if not _is_video(file):
        try:
            yield decode_image(file.read_bytes()).rgb
        except NotAnImageError as error:
            raise VideoError(f"{file} is neither a photo nor a video that can be read.") from error
        return
    video = cv2.VideoCapture(str(file))
    try:
        number = 0
        while True:
            there, image = video.read()
            if not there:
                break
            number += 1
            yield np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)
        if number == 0:
            raise VideoError(f"{file} is not a video that can be read.")
    finally:
        video.release()
