"""AU intensities of the faces of videos and photos, in memory that does not grow with them."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np
import numpy.typing as npt

from models.estimators.reader import Reader
from models.estimators.readings import NO_FACE, NOT_SEEN, OTHER_PERSON, TOO_SMALL, Reading
from models.footage import Frame, Unreadable, all_frames, chunks
from models.identity.recogniser import recogniser
from models.identity.same_person import LIMIT, distance
from models.registration import LocatedFace, Registrar
from models.registration.face import RegisteredFace
from models.registration.gaze import Gaze
from models.registration.tracking import FaceTracks

_FIRST_LOOKS: Final = 5
_LOOK_AGAIN: Final = 25
"""The first sightings of a face and every 25th are held against the neutral one: to describe a face
takes several times as long as to read it, and a face that is followed mostly stays the same. After
a look that says otherwise every sighting is looked at, until it is clear."""
_LOOKS_KEPT: Final = 9
"""Looks whose median says whose a face is: by one alone, a hundredth errs."""


@dataclass(eq=False)
class _Whose:
    """How far a face that is followed was from the neutral one."""

    sightings: int = 0
    distances: deque[float] = field(default_factory=partial(deque, maxlen=_LOOKS_KEPT))

    @property
    def another(self) -> bool:
        """Whether it is another person's face, by most of the last looks."""
        return median(self.distances) > LIMIT

    def is_due(self) -> bool:
        """Count a sighting; whether it is one to look at."""
        self.sightings += 1
        return (
            self.sightings <= _FIRST_LOOKS
            or self.sightings % _LOOK_AGAIN == 0
            or (self.distances[-1] > LIMIT) != self.another
        )


@dataclass(eq=False)
class _Face:
    """A face of a frame, and what has become of it."""

    frame: Frame
    faces: int
    face_id: int
    located: LocatedFace
    first: bool
    whose: _Whose
    registered: RegisteredFace | None = None
    gaze: Gaze | None = None
    intensities: npt.NDArray[np.float32] | None = None
    reason: str = ""

    def reading(self) -> Reading:
        return Reading(
            file=self.frame.file,
            frame=self.frame.number,
            timestamp=self.frame.timestamp,
            faces=self.faces,
            first=self.first,
            face_id=self.face_id,
            face=self.located,
            gaze=self.gaze,
            intensities=self.intensities,
            reason=self.reason,
        )


@dataclass(eq=False)
class _OneFile:
    """Whose face is which in a file."""

    tracks: FaceTracks = field(default_factory=FaceTracks)
    whose: dict[int, _Whose] = field(default_factory=lambda: defaultdict(_Whose))

    def faces(self, frame: Frame, located: Sequence[LocatedFace], every: bool) -> list[_Face]:
        """The faces of the next frame that are to be read: every one, or the one followed."""
        numbers = self.tracks.next([face.box for face in located])
        chosen = [
            (number, face)
            for number, face in zip(numbers, located, strict=True)
            if every or number == self.tracks.followed
        ]
        return [
            _Face(frame, len(located), number, face, not place, self.whose[number])
            for place, (number, face) in enumerate(sorted(chosen, key=lambda pair: pair[0]))
        ]


@dataclass(frozen=True, eq=False)
class FileReader:
    """Finds, follows and reads the faces of files.

    Attributes:
        registrar: finds faces.
        reader: reads them.
        neutral: the face that `reader` is calibrated by, if faces are to be held against it: what
            looks like another person's is not read. A face of a video is judged by its last nine
            looks, not by each alone.
        all_faces: read every face, and not only the one that is followed.
        threads: that find faces at the same time.
    """

    registrar: Registrar
    reader: Reader
    neutral: RegisteredFace | None = None
    all_faces: bool = False
    threads: int = 2

    def read(self, files: Sequence[Path]) -> Iterator[Reading]:
        """A row for each face that is read or refused, and at least one for each frame; in order.

        A file that cannot be read has a row that says so, and the next is gone on with.
        """
        known = _OneFile()
        with ThreadPoolExecutor(self.threads, thread_name_prefix="faces") as pool:
            for chunk in chunks(all_frames(files)):
                frames = [frame for frame in chunk if isinstance(frame, Frame)]
                located = iter(list(pool.map(self._located, frames)))
                rows: list[_Face | Reading] = []
                for entry in chunk:
                    if isinstance(entry, Unreadable):
                        rows.append(_unreadable(entry))
                        continue
                    if entry.number == 1:
                        known = _OneFile()
                    there = next(located)
                    faces = known.faces(entry, there, self.all_faces)
                    rows += faces or [_nobody(entry, len(there))]
                found = [row for row in rows if isinstance(row, _Face)]
                list(pool.map(self._register, found))
                self._read([face for face in found if self._is_to_be_read(face)])
                for row in rows:
                    yield row.reading() if isinstance(row, _Face) else row

    def _located(self, frame: Frame) -> list[LocatedFace]:
        return self.registrar.locate(frame.image)

    def _register(self, face: _Face) -> None:
        if face.located.too_small:
            face.reason = TOO_SMALL
            return
        kind = self.reader.config.registration
        face.registered = self.registrar.register(face.frame.image, kind=kind, face=face.located)
        face.gaze = self.registrar.gaze(face.frame.image, face.located.mesh)

    def _is_to_be_read(self, face: _Face) -> bool:
        if face.registered is not None and self.neutral is not None:
            if face.whose.is_due():
                described = recogniser().describe([face.registered])[0]
                face.whose.distances.append(distance(self._own, described))
            if face.whose.another:
                face.reason = OTHER_PERSON
        return not face.reason

    @cached_property
    def _own(self) -> npt.NDArray[np.float32]:
        """The descriptor of the neutral face."""
        if self.neutral is None:
            raise ValueError("there is no neutral face to hold faces against")
        own: npt.NDArray[np.float32] = recogniser().describe([self.neutral])[0]
        return own

    def _read(self, faces: Sequence[_Face]) -> None:
        images = [face.registered.image for face in faces if face.registered is not None]
        if images:
            intensities = self.reader.estimate(np.stack(images)).intensities
            for face, read in zip(faces, intensities, strict=True):
                face.intensities = read


def _nobody(frame: Frame, faces: int) -> Reading:
    reason = NOT_SEEN if faces else NO_FACE
    return Reading(frame.file, frame.number, frame.timestamp, faces, reason=reason)


def _unreadable(entry: Unreadable) -> Reading:
    return Reading(entry.file, 0, reason=entry.error.code, detail=str(entry.error))
