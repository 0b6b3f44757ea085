"""What the API and the processes that draw say to each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Frame = Literal["photo", "face"]


@dataclass(frozen=True)
class Asked:
    """One picture.

    Attributes:
        sha256: of the photo, in the artifact store.
        face: which face, 0 being the largest.
        target: intensities 0..5 by AU; None for the photo as it is.
        frame: "photo" is all of it, "face" the square around the face.
        size: longest side of the answer in pixels; the photo's own when None. Nothing is enlarged.
        generator: "rig" or "hybrid".
    """

    sha256: str
    face: int
    target: tuple[tuple[str, float], ...] | None
    frame: Frame
    size: int | None
    generator: str


@dataclass(frozen=True)
class Drawn:
    """The picture, and what its photo was found to show: intensities by AU, without zeros."""

    content: bytes
    media_type: str
    found: dict[str, float]


class BusyError(Exception):
    """More people wait for drawings than will have one soon."""


class BrokenError(Exception):
    """The process that draws ended twice over the same picture."""


class PhotoGoneError(Exception):
    """The photo is no longer in the store, or cannot be used."""
