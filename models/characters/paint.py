"""The colour of every visible point before any light falls on it."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from models.characters.looks import Beard, Brows, Character, Colour, Eyes

FloatArray = npt.NDArray[np.float32]

IRIS: Final = 0.62
PUPIL: Final = 0.27
"""Of the eyeball's radius, as seen from the front."""
_GUMS: Final[Colour] = (176, 84, 88)
_TEETH: Final[Colour] = (240, 236, 224)
_MOUTH: Final[Colour] = (92, 34, 38)


def skin(character: Character, rest: FloatArray, lip: FloatArray, lash: FloatArray) -> FloatArray:
    """float32 (N, 3), 0..1: skin with all that is painted on it.

    Args:
        character: whose skin.
        rest: float32 (N, 3), where the points lie on the mean head at rest.
        lip, lash: float32 (N,), 0..1, as the head has them.
    """
    x, y, z = np.abs(rest[:, 0]), rest[:, 1], rest[:, 2]
    colour = np.broadcast_to(_unit(character.skin), (len(rest), 3)).copy()
    face = np.clip((0.95 - z) / 0.4, 0, 1)
    warm = character.blush * (
        _spot(x, y, (0.78, 0.18), (0.26, 0.20)) + 0.5 * _spot(x, y, (0.0, 0.10), (0.16, 0.14))
    )
    rosy = _unit(character.skin) * np.array([1.02, 0.72, 0.70], np.float32)
    colour = _mixed(colour, rosy, np.clip(warm, 0, 1) * face)
    if character.freckles:
        colour = _mixed(
            colour,
            colour * np.array([0.72, 0.58, 0.5], np.float32),
            character.freckles * _freckles(rest),
        )
    if character.beard is not None:
        beard, amount = _beard(character.beard, x, y, z)
        colour = _mixed(colour, beard, amount * (1 - lip))
    colour = _mixed(colour, _unit(character.lips), 0.92 * lip)
    colour = _mixed(colour, _unit(character.brows.colour), _brow(character.brows, x, y, z))
    lashes = np.clip(1.25 * lash, 0, 1) * character.eyes.lash_strength
    return _mixed(colour, _unit(character.eyes.lashes), lashes)


def eye(eyes: Eyes, at: FloatArray) -> FloatArray:
    """float32 (N, 3): an eyeball with its iris and pupil.

    Args:
        eyes: colours.
        at: float32 (N, 3), points of the ball around its centre, radius 1, looking along -z.
    """
    off = np.hypot(at[:, 0], at[:, 1]) + 10.0 * (at[:, 2] > 0)
    colour = np.broadcast_to(_unit(eyes.white), (len(at), 3)).copy()
    iris = _unit(eyes.iris)
    # Lighter below, as light that falls in from above comes out there; dark at the rim.
    depth = np.clip(0.75 + 0.5 * at[:, 1] / IRIS, 0.45, 1.25)[:, None]
    rim = np.clip((off - 0.8 * IRIS) / (0.2 * IRIS), 0, 1)[:, None]
    ring = iris * depth * (1 - 0.55 * rim)
    colour = _mixed(colour, ring, _edge(off, IRIS))
    return _mixed(colour, np.array([0.04, 0.03, 0.04], np.float32), _edge(off, PUPIL))


def gums(count: int) -> FloatArray:
    """float32 (count, 3): gums and tongue."""
    return np.tile(_unit(_GUMS), (count, 1))


def teeth(count: int) -> FloatArray:
    """float32 (count, 3)."""
    return np.tile(_unit(_TEETH), (count, 1))


def mouth(count: int) -> FloatArray:
    """float32 (count, 3): the inside of the mouth, and the sockets of the eyes."""
    return np.tile(_unit(_MOUTH), (count, 1))


def hair(colour: Colour, at: FloatArray) -> FloatArray:
    """float32 (N, 3): hair with strands that run down from the crown."""
    angle = np.arctan2(at[:, 0], at[:, 2] - 1.0)
    wave = np.sin(46 * angle + 3 * np.sin(5 * at[:, 1])) + 0.5 * np.sin(97 * angle + 7 * at[:, 1])
    return np.asarray(_unit(colour) * (1 + 0.10 * wave[:, None]), np.float32)


def _brow(brows: Brows, x: FloatArray, y: FloatArray, z: FloatArray) -> FloatArray:
    along = [brows.inner[0], brows.peak[0], brows.outer[0]]
    # A parabola through the three points.
    line = np.polyfit(along, [brows.inner[1], brows.peak[1], brows.outer[1]], 2)
    middle = np.polyval(line, x)
    thickness = np.interp(
        x, [*along[:2], along[2]], [brows.thickness[0], brows.thickness[1], 0.012]
    )
    across = np.clip((thickness - np.abs(y - middle)) / 0.02, 0, 1)
    ends = np.clip((x - along[0]) / 0.03, 0, 1) * np.clip((along[2] - x) / 0.03, 0, 1)
    return np.asarray(across * ends * (z < 0.6), np.float32)


def _beard(
    beard: Beard, x: FloatArray, y: FloatArray, z: FloatArray
) -> tuple[FloatArray, FloatArray]:
    jaw = np.clip((y - (0.62 + 0.28 * np.clip(1 - x / 0.75, 0, 1) - 0.55 * np.clip(x - 0.8, 0, 1)))
                  / 0.14, 0, 1)  # fmt: skip
    jaw = jaw * np.clip((1.75 - y) / 0.2, 0, 1) * np.clip((1.15 - z) / 0.2, 0, 1)
    above = _spot(x, y, (0.20, 0.37), (0.26, 0.075)) * (z < 0.1)
    amount = np.maximum(beard.jaw * jaw, beard.moustache * np.clip(1.7 * above, 0, 1))
    return _unit(beard.colour), np.asarray(np.clip(amount, 0, 1), np.float32)


def _freckles(rest: FloatArray) -> FloatArray:
    generator = np.random.default_rng(11)
    x = generator.normal(0, 0.55, 90)
    y = generator.normal(0.0, 0.16, 90) + 0.05
    size = generator.uniform(0.012, 0.022, 90)
    out = np.zeros(len(rest), np.float32)
    near = np.flatnonzero((np.abs(rest[:, 1]) < 0.5) & (rest[:, 2] < 0.5))
    for at, up, radius in zip(x, y, size, strict=True):
        off = (rest[near, 0] - at) ** 2 + (rest[near, 1] - up) ** 2
        out[near] = np.maximum(out[near], np.exp(-off / (2 * radius**2)))
    return out


def _spot(
    x: FloatArray, y: FloatArray, at: tuple[float, float], radii: tuple[float, float]
) -> FloatArray:
    off = ((x - at[0]) / radii[0]) ** 2 + ((y - at[1]) / radii[1]) ** 2
    return np.asarray(np.exp(-0.5 * off), np.float32)


def _edge(off: FloatArray, radius: float) -> FloatArray:
    return np.asarray(np.clip((radius - off) / 0.05 + 0.5, 0, 1), np.float32)


def _mixed(colour: FloatArray, other: FloatArray, share: FloatArray) -> FloatArray:
    return np.asarray(colour + share[:, None] * (other - colour), np.float32)


def _unit(colour: Colour) -> FloatArray:
    return np.asarray(colour, np.float32) / np.float32(255)
