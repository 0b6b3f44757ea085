"""One person who is drawn again and again, at one size or another, with as little as can be done
anew: their photo decoded, their face found and measured once."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import Final, Literal

import cv2
import numpy as np

from models.expressions.shown import ShownReader
from models.generators.base import FloatArray, Generator, ImageArray
from models.generators.paste import drawing_size, paste_back
from models.registration.face import RegisteredFace
from models.registration.registrar import FaceIndexError, LocatedFace, Registrar

Frame = Literal["photo", "face"]

_AROUND: Final = 1.4
"""Half of the square around a face, in sides of its box: the head with its hair, and some of what
is around it."""
_KEPT_SIZES: Final = 3
"""While a slider moves, when it has been let go, and one more."""


@dataclass(frozen=True, eq=False)
class Sitter:
    """A face of a photo that is about to be drawn.

    Attributes:
        photo: uint8 (H, W, 3) RGB, upright.
        face: where it was found.
        shown: (18, 2) intensities 0..5 that the photo shows.
    """

    registrar: Registrar
    photo: ImageArray
    face: LocatedFace
    shown: FloatArray
    _faces: OrderedDict[tuple[Frame, int | None], RegisteredFace] = field(
        default_factory=OrderedDict
    )

    def registered(self, frame: Frame, size: int | None) -> RegisteredFace:
        """The face in a part of the photo, made smaller; ``.photo`` is that part.

        Args:
            frame: "photo" is all of it, "face" the square around the face, as far as it goes.
            size: longest side of that part in pixels; as it is when None. It is never enlarged.
        """
        key = frame, size
        if key not in self._faces:
            photo, mesh = _part(self.photo, self.face, frame)
            photo, mesh = _reduced(photo, mesh, size)
            moved = replace(self.face, mesh=mesh)
            self._faces[key] = self.registrar.register(photo, face=moved)
        self._faces.move_to_end(key)
        while len(self._faces) > _KEPT_SIZES:
            self._faces.popitem(last=False)
        return self._faces[key]

    def drawn(
        self, generator: Generator, target: FloatArray, frame: Frame, size: int | None
    ) -> ImageArray:
        """uint8 (h, w, 3): that part of the photo with the intensities `target` (18, 2) in it."""
        face = self.registered(frame, size)
        drawing = generator.generate(
            [face], target[None], self.shown[None], seeds=[0], size=drawing_size(face)
        )[0]
        return paste_back(face, drawing, target, self.shown)


def seat(registrar: Registrar, reader: ShownReader, photo: ImageArray, face: int) -> Sitter:
    """Find a face of a photo, uint8 (H, W, 3) RGB upright, and what it shows.

    Args:
        reader: says what the face shows, as it does for every drawing.
        face: which face, counted from 0 for the largest, as `Registrar.locate` lists them.

    Raises:
        FaceIndexError: the photo does not show as many.
    """
    found = registrar.locate(photo)
    if not 0 <= face < len(found):
        raise FaceIndexError(f"Face {face} was asked for, but the photo shows {len(found)}.")
    whole = registrar.register(photo, face=found[face])
    faces: OrderedDict[tuple[Frame, int | None], RegisteredFace] = OrderedDict()
    faces["photo", None] = whole
    return Sitter(registrar, photo, found[face], reader.read([whole])[0], faces)


def _part(photo: ImageArray, face: LocatedFace, frame: Frame) -> tuple[ImageArray, FloatArray]:
    if frame == "photo":
        return photo, face.mesh
    x, y, width, height = face.box
    half = _AROUND * max(width, height)
    edge = np.array([photo.shape[1], photo.shape[0]])
    middle = np.array([x + width / 2, y + height / 2])
    start = np.clip(np.floor(middle - half), 0, edge - 1).astype(int)
    stop = np.clip(np.ceil(middle + half), start + 1, edge).astype(int)
    part = np.ascontiguousarray(photo[start[1] : stop[1], start[0] : stop[0]])
    return part, np.asarray(face.mesh - np.array([*start, 0]), np.float32)


def _reduced(
    photo: ImageArray, mesh: FloatArray, size: int | None
) -> tuple[ImageArray, FloatArray]:
    height, width = photo.shape[:2]
    if size is None or max(height, width) <= size:
        return photo, mesh
    factor = size / max(height, width)
    shape = max(1, round(width * factor)), max(1, round(height * factor))
    small = np.asarray(cv2.resize(photo, shape, interpolation=cv2.INTER_AREA), np.uint8)
    across, down = shape[0] / width, shape[1] / height
    out = mesh * np.array([across, down, (across + down) / 2], np.float32)
    out[:, :2] += np.array([(across - 1) / 2, (down - 1) / 2], np.float32)
    return small, out.astype(np.float32)
