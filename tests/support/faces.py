"""Faces to draw on, and targets to draw."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from skimage import data

from models.facs import Target
from models.generators.paste import paste_back
from models.generators.rig import RigGenerator
from models.images import decode_image
from models.registration import Registrar, load_registrar
from models.registration.face import FloatArray, ImageArray, RegisteredFace
from models.rig.model import rig_model
from models.rig.shown import shown_expression

PHOTOS = Path(__file__).resolve().parents[3] / "shared" / "data"
"""Photos beside the repository, which only some machines have."""


@cache
def registrar() -> Registrar:
    return load_registrar()


@cache
def astronaut() -> RegisteredFace:
    """The portrait in scikit-image's wheel: a woman who smiles, teeth showing."""
    return registrar().register(np.asarray(data.astronaut(), np.uint8))  # type: ignore[no-untyped-call]


@cache
def astronaut_smile() -> FloatArray:
    """(18, 2) intensities of what the portrait shows."""
    return shown_expression(astronaut())


@cache
def calm() -> RegisteredFace:
    """The portrait with its smile taken off: a photo of a neutral face, the mouth shut."""
    neutral, shown = target(), astronaut_smile()
    drawing = RigGenerator().generate([astronaut()], neutral[None], shown[None])[0]
    return registrar().register(paste_back(astronaut(), drawing, neutral, shown))


def photographed(folder: str, count: int) -> list[RegisteredFace]:
    """The first `count` faces of ``london/neutral`` or the like; skips where there are none."""
    paths = sorted((PHOTOS / folder).glob("*.jpg"))[:count]
    if not paths:
        pytest.skip(f"photos of {folder} are not beside the repository")
    return [_read(path) for path in paths]


@cache
def _read(path: Path) -> RegisteredFace:
    return registrar().register(decode_image(path.read_bytes()).rgb)


def target(**intensities: object) -> FloatArray:
    """(18, 2) from ``AU12="E", AU06L=3``."""
    return Target.parse(intensities).array()


def person(aperture: float = 1.0, lips: float = 1.0) -> FloatArray:
    """A dense neutral mesh (V, 3) whose eyes are `aperture` and lips `lips` times as high."""
    model = rig_model()
    dense = model.neutral.copy()
    for eye in (model.left_eye, model.right_eye):
        half = np.zeros((len(eye.upper), 3), np.float32)
        half[:, 1] = (aperture - 1) / 2 * eye.gaps(dense)
        dense = eye.move(dense, -half, half)
    middle = dense[[13, 14], 1].mean()
    near = np.exp(-0.5 * ((dense[:, 0] / 0.35) ** 2 + ((dense[:, 1] - middle) / 0.15) ** 2))
    dense[:, 1] += (lips - 1) * near * (dense[:, 1] - middle)
    return np.asarray(dense, np.float32)


_TINTS: Final = {
    "grey": ((0.0, 1.0, 1.0), (0.0, 1.0, 1.0), (0.0, 1.0, 1.0)),
    "sepia": ((0.0, 1.07, 1.0), (0.0, 0.95, 1.0), (0.0, 0.72, 1.0)),
    "blue": ((0.0, 1.0, 1.6), (0.0, 1.0, 1.15), (0.1, 0.9, 0.75)),
}
"""Of red, green and blue: floor, gain and exponent of brightness 0..1."""


def tinted(photo: ImageArray, tint: str) -> ImageArray:
    """A photo (..., 3) as a print of one tint: grey, sepia or blue."""
    level = photo @ np.array([0.299, 0.587, 0.114]) / 255
    channels = [255 * (floor + gain * level**power) for floor, gain, power in _TINTS[tint]]
    return np.asarray(np.clip(np.stack(channels, axis=-1) + 0.5, 0, 255), np.uint8)
