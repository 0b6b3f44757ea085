"""What a character looks like: colours, brows, hair, features. Plain values, no pixels."""

from __future__ import annotations

from dataclasses import dataclass

from models.characters.features import Scaling

Colour = tuple[int, int, int]
"""sRGB, 0 to 255."""
Point = tuple[float, float, float]


@dataclass(frozen=True)
class Brows:
    """Painted on the skin, so that they move with it.

    Attributes:
        inner, peak, outer: (x, y) of the left brow's middle line in the canonical frame.
        thickness: at the inner end and at the peak, in its unit; the outer end is a point.
    """

    colour: Colour
    inner: tuple[float, float] = (0.20, -0.80)
    peak: tuple[float, float] = (0.62, -0.92)
    outer: tuple[float, float] = (0.95, -0.78)
    thickness: tuple[float, float] = (0.075, 0.065)


@dataclass(frozen=True)
class Blob:
    """A lock of hair: an ellipsoid, on both sides where it is paired."""

    centre: Point
    radii: Point
    paired: bool = False


@dataclass(frozen=True)
class Hair:
    """Hair that follows the skull, and locks.

    Attributes:
        line: y of the hairline above the nose; None for a bald head.
        curve: by how much it comes down per x squared.
        nape: y down to which it covers the back of the head.
        crown: y above which there is none, for who is bald on top.
        back: z from which on it covers the sides and the back.
        depth: how far it stands off the skull.
        covers_ears: whether it goes over them.
        fringe: how far it hangs over the forehead, below `line`.
    """

    colour: Colour
    line: float | None = -1.45
    curve: float = 0.55
    nape: float = 0.75
    crown: float = -9.0
    back: float = 1.12
    depth: float = 0.14
    covers_ears: bool = False
    fringe: float = 0.0
    locks: tuple[Blob, ...] = ()


@dataclass(frozen=True)
class Eyes:
    """Irises and the line of the lashes."""

    iris: Colour
    white: Colour = (246, 244, 240)
    lashes: Colour = (38, 26, 24)
    lash_strength: float = 0.8


@dataclass(frozen=True)
class Beard:
    """Colour over jaw and upper lip: stubble at a strength of .3, a beard at 1."""

    colour: Colour
    jaw: float = 0.0
    moustache: float = 0.0


@dataclass(frozen=True)
class Character:
    """Somebody that nobody is.

    Attributes:
        name: by which requests name them; lower case.
        about: one sentence.
        modes: numbers of identity modes of the head, and how many standard deviations of each.
        scalings: features made larger or smaller.
        awake: how far the eyes stand open at rest, in shares of AU05 at E.
        steps: levels of light that shading is cut into, as in a cartoon; 0 for smooth.
    """

    name: str
    about: str
    skin: Colour
    lips: Colour
    brows: Brows
    hair: Hair
    eyes: Eyes
    blush: float = 0.25
    freckles: float = 0.0
    beard: Beard | None = None
    modes: tuple[tuple[int, float], ...] = ()
    scalings: tuple[Scaling, ...] = ()
    awake: float = 0.0
    steps: int = 0
    background: Colour = (222, 226, 230)
