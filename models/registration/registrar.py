"""Registration from photo to registered face: find, measure, align, draw."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar, Final

import numpy as np

from models.registration import detector, mesh, refined
from models.registration.alignment import align_to_canonical
from models.registration.detector import Detection, Detector
from models.registration.face import (
    FloatArray,
    ImageArray,
    Pose,
    RegisteredFace,
    RegistrationKind,
    Visibility,
)
from models.registration.frontalise import frontalise
from models.registration.gaze import Gaze, gaze_of
from models.registration.headpose import head_pose
from models.registration.mesh import MeshFinder
from models.registration.network import Network
from models.registration.procrustes2d import register_2d
from models.registration.pyramid import Pyramid
from models.registration.refined import RefinedFinder
from models.registration.visibility import assess

Box = tuple[float, float, float, float]
"""x, y, width and height in photo pixels."""

_SURE: Final = 0.9
"""Least presence the mesh network must report: the detector alone sees faces in pebbles."""
_PASSER_BY: Final = 0.4
"""Share of the largest face's size below which a face is not one of the photo's subjects."""
SMALLEST_READ: Final = 30.0
"""Width in photo pixels from which on intensities are believed. 72 photographs scaled down read as
at full size from 28 pixels on (1.7% false presence on neutral faces, 1.7% at full size); at 20 it
was 4.8%, at 12 10%: `scripts.measure_small_faces`."""
_SAME_FACE: Final = 0.4
"""Boxes that overlap by more, intersection over the smaller, are one face found twice."""


class RegistrationError(ValueError):
    """A photo that cannot be registered; `code` names the reason."""

    code: ClassVar[str]


class NoFaceError(RegistrationError):
    """No face was found in the photo."""

    code = "no-face"


class FaceTooSmallError(RegistrationError):
    """The face is too small for anything to be read from it or drawn on it."""

    code = "face-too-small"


class FaceIndexError(RegistrationError):
    """The photo does not show as many faces as the index asks for."""

    code = "no-such-face"


@dataclass(frozen=True, eq=False)
class LocatedFace:
    """A face found in a photo.

    Attributes:
        box: x, y, width and height of the mesh in photo pixels; parts may lie beyond the photo.
        pose: how the head is turned.
        score: 0 to 1, how sure the mesh network is that this is a face.
        mesh: float32 (468, 3) in photo pixels.
        visibility: what is seen of it.
    """

    box: Box
    pose: Pose
    score: float
    mesh: FloatArray
    visibility: Visibility = field(default_factory=Visibility)

    @property
    def side(self) -> float:
        """Size of the face in pixels: the mean of its box's width and height."""
        return (self.box[2] + self.box[3]) / 2

    @property
    def too_small(self) -> bool:
        """Whether it is narrower than `SMALLEST_READ`, from which on intensities are believed."""
        return self.box[2] < SMALLEST_READ


class Registrar:
    """Finds and registers faces. Holds the networks; safe to use from several threads."""

    def __init__(self, finder: Detector, meshes: MeshFinder, irises: RefinedFinder) -> None:
        self._detector = finder
        self._meshes = meshes
        self._irises = irises

    def locate(self, photo: ImageArray) -> list[LocatedFace]:
        """The faces of a photo, the largest first.

        Faces less than 0.4 times as large as the largest are taken for passers-by and left out.

        Args:
            photo: uint8 (H, W, 3) RGB, upright.
        """
        return self._locate(Pyramid(_checked(photo)), down_to=_PASSER_BY)

    def find(self, photo: ImageArray) -> LocatedFace:
        """The largest face of a photo, uint8 (H, W, 3) RGB, upright.

        Raises:
            NoFaceError: there is none.
        """
        pyramid = Pyramid(_checked(photo))
        return _some(self._locate(pyramid, down_to=1.0), pyramid)[0]

    def register(
        self,
        photo: ImageArray,
        *,
        kind: RegistrationKind = "3d",
        face: int | LocatedFace | None = None,
    ) -> RegisteredFace:
        """Register one face of a photo.

        Args:
            photo: uint8 (H, W, 3) RGB, upright.
            kind: ``"3d"`` or ``"2d"``.
            face: which face, counted from 0 for the largest, as `locate` lists them, or one of
                those itself; None is the largest, and does not look for others.

        Raises:
            NoFaceError: there is none.
            FaceIndexError: there are not that many.
            FaceTooSmallError: it is less than `SMALLEST_READ` pixels wide, and was not handed in.
        """
        pyramid = Pyramid(_checked(photo))
        if isinstance(face, LocatedFace):
            return _drawn(pyramid, face, kind)
        found = _some(self._locate(pyramid, down_to=1.0 if face is None else _PASSER_BY), pyramid)
        index = 0 if face is None else face
        if not 0 <= index < len(found):
            raise FaceIndexError(
                f"Face {index} was asked for, but the photo shows {len(found)}; "
                "the largest is face 0."
            )
        if found[index].too_small:
            raise FaceTooSmallError(
                f"The face is {found[index].box[2]:.0f} pixels wide; at least {SMALLEST_READ:.0f} "
                "are needed."
            )
        return _drawn(pyramid, found[index], kind)

    def gaze(self, photo: ImageArray, mesh: FloatArray) -> Gaze | None:
        """Where the eyes of a face look; None when both are closed.

        Takes four times as long as its mesh did, so it is no part of `locate` and `register`.

        Args:
            photo: uint8 (H, W, 3) RGB, upright.
            mesh: float32 (468, 3) in photo pixels, as `locate` finds it.
        """
        return gaze_of(self._irises.refine(_checked(photo), mesh))

    def _locate(self, pyramid: Pyramid, *, down_to: float) -> list[LocatedFace]:
        """Faces found, largest first, and certainly all down to that share of the largest."""
        found: list[LocatedFace] = []
        finds_from = math.inf
        for search_pass in self._detector.passes(pyramid):
            if found and search_pass.fallback:
                continue
            if found and finds_from <= down_to * found[0].side:
                break
            for hit in search_pass.detections():
                if _known(_box(hit), found):
                    continue
                located = self._measure(pyramid, hit)
                if located is not None and not _known(located.box, found):
                    found.append(located)
            found.sort(key=lambda face: -face.side)
            if not search_pass.fallback:
                finds_from = search_pass.finds_from
        return [face for face in found if face.side >= _PASSER_BY * found[0].side]

    def _measure(self, pyramid: Pyramid, hit: Detection) -> LocatedFace | None:
        confirmed = self._detector.confirm(pyramid, hit)
        if confirmed is None:
            return None
        seen = self._meshes.find(pyramid, confirmed)
        if seen.presence < _SURE:
            return None
        low, high = seen.points[:, :2].min(0), seen.points[:, :2].max(0)
        _, view = align_to_canonical(seen.points)
        pose, sureness = head_pose(view), min(confirmed.score, seen.presence)
        return LocatedFace(
            box=(float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1])),
            pose=pose,
            score=seen.presence,
            mesh=seen.points,
            visibility=assess(pyramid, seen.points, pose, sureness=sureness),
        )


def load_registrar() -> Registrar:
    """The registrar, with its networks loaded.

    Raises:
        models.assets.AssetError: a network has not been fetched; the message says what to run.
    """
    return Registrar(
        Detector(Network.load(detector.ASSET)),
        MeshFinder(Network.load(mesh.ASSET)),
        RefinedFinder(Network.load(refined.ASSET)),
    )


def _some(found: list[LocatedFace], pyramid: Pyramid) -> list[LocatedFace]:
    if not found:
        raise NoFaceError(
            f"No face was found in the photo of {pyramid.width}x{pyramid.height} pixels."
        )
    return found


def _drawn(pyramid: Pyramid, face: LocatedFace, kind: RegistrationKind) -> RegisteredFace:
    make = frontalise if kind == "3d" else register_2d
    return replace(make(pyramid, face.mesh), visibility=face.visibility)


def _checked(photo: ImageArray) -> ImageArray:
    if photo.dtype != np.uint8 or photo.ndim != 3 or photo.shape[2] != 3 or not photo.size:
        raise ValueError(f"a photo is uint8 (H, W, 3), not {photo.dtype} {photo.shape}")
    return photo


def _known(box: Box, faces: Sequence[LocatedFace]) -> bool:
    return any(_overlap(box, face.box) > _SAME_FACE for face in faces)


def _box(hit: Detection) -> Box:
    x, y = (float(middle) - hit.side / 2 for middle in hit.centre)
    return x, y, hit.side, hit.side


def _overlap(one: Box, other: Box) -> float:
    """Intersection of two boxes x, y, width, height over the area of the smaller."""
    across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    smaller = min(one[2] * one[3], other[2] * other[3])
    return max(0.0, across) * max(0.0, down) / smaller if smaller > 0 else 0.0
