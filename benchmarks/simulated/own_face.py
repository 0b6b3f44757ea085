"""How one person's face differs from the rig's: what drawings of them cannot know.

The same rig draws the databases and the training sets, so without this the simulation would be a
test of whether a network can invert the rig. Everybody moves every AU with a strength, a course,
a symmetry and a direction of their own, folds more or less, and looks a little of something at
rest. None of it is in the labels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from models.facs import MAX_INTENSITY, SUPPORTED_AUS
from models.rig.model import RigModel

FloatArray = npt.NDArray[np.float32]
_WAVES = 6
"""Waves that a person's own field of displacement is made of."""


@dataclass(frozen=True)
class Spread:
    """How much people differ; standard deviations.

    Attributes:
        strength: log strength of each AU.
        course: log exponent of how an AU grows with intensity.
        sides: log ratio of the left side's strength to the right's.
        rest: intensity of each AU that the resting face seems to show; negative ones show none.
        field: change of a displacement from place to place, as a share of it.
        turn: degrees by which an AU pulls in another direction.
        folds: log depth of folds and shading.
    """

    strength: float = 0.22
    course: float = 0.15
    sides: float = 0.15
    rest: float = 0.35
    field: float = 0.25
    turn: float = 8.0
    folds: float = 0.25


@dataclass(frozen=True, eq=False)
class OwnFace:
    """One person's way of moving.

    Attributes:
        rig: with this person's displacements and folds.
        strength: float32 (18, 2), by side.
        course: float32 (18,).
        rest: float32 (18,), intensities 0..5.
    """

    rig: RigModel
    strength: FloatArray
    course: FloatArray
    rest: FloatArray

    def drawn(self, intensities: FloatArray) -> FloatArray:
        """(18, 2) intensities 0..5 to draw for the (18,) that a coder would see."""
        grown = MAX_INTENSITY * (intensities / MAX_INTENSITY) ** self.course
        return np.clip(self.rest[:, None] + grown[:, None] * self.strength, 0, MAX_INTENSITY)


def own_face(rig: RigModel, spread: Spread, rng: np.random.Generator) -> OwnFace:
    """A person's way of moving, at random; `spread` of zeros gives the rig's own."""
    count = len(SUPPORTED_AUS)
    strength = rng.normal(0, spread.strength, count)
    lean = rng.normal(0, spread.sides, count) / 2
    rest = np.maximum(rng.normal(0, spread.rest, count), 0)
    # a resting mouth is shut and resting eyes are open
    rest[[SUPPORTED_AUS.index(au) for au in ("AU25", "AU26", "AU43")]] = 0
    basis = _own_basis(rig, spread, rng)
    folds = np.exp(rng.normal(0, spread.folds, (count, 1, 1))).astype(np.float32)
    return OwnFace(
        rig=replace(
            rig,
            basis=basis,
            appearance=rig.appearance * folds,
            relief=rig.relief * folds[:, None],
        ),
        strength=np.exp(strength[:, None] + np.stack([lean, -lean], axis=1)).astype(np.float32),
        course=np.exp(rng.normal(0, spread.course, count)).astype(np.float32),
        rest=rest.astype(np.float32),
    )


def _own_basis(rig: RigModel, spread: Spread, rng: np.random.Generator) -> FloatArray:
    """The displacements (18, V, 3), stronger here and weaker there, each turned a little."""
    count = len(rig.basis)
    waves = rng.normal(0, 2.0, (count, _WAVES, 2))  # radians per canonical unit
    phase = rng.uniform(0, 2 * np.pi, (count, _WAVES, 1))
    field = np.sin(waves @ rig.neutral[:, :2].T + phase).mean(axis=1) * np.sqrt(2 * _WAVES)
    turn = np.deg2rad(rng.normal(0, spread.turn, count))[:, None]
    x, y, z = np.moveaxis(rig.basis * (1 + spread.field * field[..., None]), -1, 0)
    turned = np.stack(
        [np.cos(turn) * x - np.sin(turn) * y, np.sin(turn) * x + np.cos(turn) * y, z], axis=-1
    )
    # the two halves of the face pull in mirrored directions
    mirrored = np.stack(
        [np.cos(turn) * x + np.sin(turn) * y, -np.sin(turn) * x + np.cos(turn) * y, z], axis=-1
    )
    left = rig.left_share[:, None]
    return np.asarray(left * turned + (1 - left) * mirrored, np.float32)
