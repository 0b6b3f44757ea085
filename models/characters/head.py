"""The head that all characters share: identity, action units and gaze move its vertices.

Made from the ICT Face Model Light (USC Institute for Creative Technologies, MIT licence) by
``scripts/pack_characters``, in the canonical frame of faces in photos (x right in the picture, y
down, z away from the camera; the unit is the distance of the eyes), with the rig's recipes of the
AUs.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

import numpy as np
import numpy.typing as npt
from safetensors.numpy import load

from models.facs import MAX_INTENSITY, SUPPORTED_AUS
from models.shipped import load_shipped

FloatArray = npt.NDArray[np.float32]
IndexArray = npt.NDArray[np.int32]

WEIGHTS: Final = "characters.safetensors"
GAZES: Final = ("eyeLookUp", "eyeLookDown", "eyeLookIn", "eyeLookOut")
"""Shapes of the lids, each for eyes that look `LOOK` degrees that way."""
LOOK: Final = 30.0

Size = Literal["small", "medium", "full"]
SIZES: Final[tuple[Size, ...]] = ("small", "medium", "full")
"""About 3,000, 8,000 and all of 24,591 vertices."""


class Part(enum.IntEnum):
    """What a vertex belongs to."""

    FACE = 0
    HEAD = 1
    MOUTH = 2
    SOCKET = 3
    GUMS = 4
    TEETH = 5
    RIGHT_EYE = 6
    LEFT_EYE = 7


@dataclass(frozen=True, eq=False)
class Head:
    """A mesh of V vertices and T triangles, and what moves it.

    Attributes:
        rest: float32 (V, 3), the mean head with no expression.
        triangles: int32 (T, 3).
        part: uint8 (V,), see `Part`.
        au: float32 (18, V, 3), displacement by each AU at E, both sides.
        gaze: float32 (4, V, 3), displacement of the lids by each of `GAZES`.
        identity: float32 (M, V, 3), displacement by each mode at one standard deviation.
        lip, lash, open: float32 (V,), 0 to 1: red of the lips, edge of the lids, and how open to
            the light a vertex lies.
        left: float32 (V,), 0 to 1, how much a vertex follows the left side's AUs: the subject's
            left, which is on the right in the picture.
    """

    rest: FloatArray
    triangles: IndexArray
    part: npt.NDArray[np.uint8]
    au: FloatArray
    gaze: FloatArray
    identity: FloatArray
    lip: FloatArray
    lash: FloatArray
    open: FloatArray
    left: FloatArray

    def posed(
        self, shape: FloatArray, intensities: FloatArray, gaze: tuple[float, float] = (0.0, 0.0)
    ) -> FloatArray:
        """float32 (V, 3): a head of this shape with this expression.

        Args:
            shape: float32 (V, 3), the head at rest: `rest` and what identity adds.
            intensities: float32 (18, 2), 0..5 by `facs.SUPPORTED_AUS` and `facs.SIDES`.
            gaze: yaw and pitch of the eyes in degrees: to the subject's left, and up.

        Raises:
            ValueError: the intensities have another shape.
        """
        if intensities.shape != (len(SUPPORTED_AUS), 2):
            raise ValueError(f"expected intensities (18, 2), got {intensities.shape}")
        out = shape.copy()
        for field, (left, right) in zip(self.au, intensities / MAX_INTENSITY, strict=True):
            if left or right:
                share = self.left * (left - right) + right
                out += share[:, None] * field
        self._look(out, shape, gaze)
        return out

    def shaped(self, modes: Iterable[tuple[int, float]]) -> FloatArray:
        """float32 (V, 3): the head at rest with these modes of identity, in standard deviations."""
        out = self.rest.copy()
        for mode, amount in modes:
            out += np.float32(amount) * self.identity[mode]
        return out

    def eye(self, side: Part) -> npt.NDArray[np.bool_]:
        """(V,): the vertices of one eyeball."""
        return np.asarray(self.part == side, np.bool_)

    def _look(self, out: FloatArray, shape: FloatArray, gaze: tuple[float, float]) -> None:
        yaw, pitch = gaze
        if not (yaw or pitch):
            return
        up, down, inwards, outwards = self.gaze
        out += np.float32(max(pitch, 0) / LOOK) * up + np.float32(max(-pitch, 0) / LOOK) * down
        # Looking left is outwards for the left eye and inwards for the right one.
        turn = np.float32(abs(yaw) / LOOK)
        towards_left = self.left if yaw > 0 else 1 - self.left
        out += turn * (towards_left[:, None] * outwards + (1 - towards_left)[:, None] * inwards)
        turned = _turn(yaw, pitch)
        for side in (Part.RIGHT_EYE, Part.LEFT_EYE):
            ball = self.eye(side)
            centre = shape[ball].mean(axis=0)
            out[ball] = (out[ball] - centre) @ turned.T + centre


def _turn(yaw: float, pitch: float) -> FloatArray:
    """Rotation of the eyes: the axis starts towards the camera, (0, 0, -1)."""
    a, b = np.radians(-yaw), np.radians(-pitch)
    about_y = np.array([[np.cos(a), 0, np.sin(a)], [0, 1, 0], [-np.sin(a), 0, np.cos(a)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(b), -np.sin(b)], [0, np.sin(b), np.cos(b)]])
    return np.asarray(about_y @ about_x, np.float32)


@cache
def load_head(size: Size = "full") -> Head:
    """The head that ships, in one of its sizes; read and checked once.

    Raises:
        models.assets.AssetError: the file is missing or damaged.
    """
    arrays = _arrays()
    number = SIZES.index(size)
    everything = np.arange(len(arrays["rest"]))
    kept = everything if size == "full" else arrays[f"kept.{number}"].astype(np.int64)
    triangles = arrays["triangles" if size == "full" else f"triangles.{number}"]
    rest = arrays["rest"][kept].astype(np.float32)
    return Head(
        rest=rest,
        triangles=triangles.astype(np.int32),
        part=arrays["part"][kept].astype(np.uint8),
        au=arrays["au"][:, kept].astype(np.float32),
        gaze=arrays["gaze"][:, kept].astype(np.float32),
        identity=arrays["identity"][:, kept].astype(np.float32),
        lip=arrays["lip"][kept].astype(np.float32) / np.float32(255),
        lash=arrays["lash"][kept].astype(np.float32) / np.float32(255),
        open=arrays["open"][kept].astype(np.float32) / np.float32(255),
        left=np.asarray(np.clip(0.5 + rest[:, 0] / 0.24, 0, 1), np.float32),
    )


@cache
def _arrays() -> dict[str, npt.NDArray[np.generic]]:
    return load(load_shipped(WEIGHTS))
