"""Lips that the photo shows parted and a drawing shuts.

The photo has no picture of these lips shut. Where their rims are found a little beyond the red,
teeth would stay as pale specks between them; and shut lips shade each other in a line.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from models.registration.face import FloatArray
from models.rig.contact import Rims
from models.rig.subject import Subject

_PARTED: Final = (0.01, 0.05)
"""Heights of the photographed opening at which its teeth begin to be looked away from, and are."""
_SHUT: Final = (0.025, 0.005)
"""Heights of the drawn opening at which lips begin to count as shut, and are."""
_INSET: Final = (0.018, 1.7)
"""Canonical units, and at least photo pixels, onto the red that the rims of shut lips are looked up
in the photo: its own blur mixes teeth into their edges."""
_RED: Final = 0.7
"""How far skin on the outer border of the red follows the rims."""
_LINE: Final = (0.75, 0.013)
"""Log darkness and half width of the line where lips meet."""


def shut(lips: Rims, subject: Subject, moved: FloatArray) -> FloatArray:
    """float32 (K,): how far lips that are parted in the photo meet on the mesh `moved` (V, 3), 0..1
    at each pair of rim vertices."""
    was, now = lips.gaps(subject.dense), lips.gaps(moved)
    parted = np.clip((was - _PARTED[0]) / (_PARTED[1] - _PARTED[0]), 0, 1)
    met = np.clip((_SHUT[0] - now) / (_SHUT[0] - _SHUT[1]), 0, 1)
    return np.asarray(subject.open_mouth * parted * met, np.float32)


def texture(lips: Rims, subject: Subject, share: FloatArray) -> FloatArray:
    """`subject.texture` (V, 2) with the rims of lips that are `shut` by `share` (K,) set inward."""
    if not share.any():
        return subject.texture
    inset = np.zeros((len(share), 3), np.float32)
    inset[:, 1] = max(_INSET[0], _INSET[1] / subject.view.scale) * share
    onto = lips.move(subject.dense, -inset, inset) - subject.dense
    # The red's outer border stays where it is.
    follows = (lips.follow_upper + lips.follow_lower).sum(axis=1, keepdims=True)
    near = np.clip((follows - _RED) / (1 - _RED), 0, 1)
    return np.asarray(subject.view.project(subject.dense + near * onto)[:, :2], np.float32)


def line(lips: Rims, moved: FloatArray, share: FloatArray, at: FloatArray) -> FloatArray:
    """Log ratio (...), at points (..., 3), of the line between lips that are `shut` by `share`."""
    upper, lower = moved[list(lips.upper)], moved[list(lips.lower)]
    middle = (upper + lower) / 2
    seam = np.interp(at[..., 0], middle[:, 0], middle[:, 1])
    strength = np.interp(at[..., 0], middle[:, 0], share, left=0, right=0)
    dark, width = _LINE
    return np.asarray(-dark * strength * np.exp(-(((at[..., 1] - seam) / width) ** 2)), np.float32)
