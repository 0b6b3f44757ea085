"""One photograph of a person as a small training set: each AU at each of six intensities."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from models.estimators.config import Architecture
from models.estimators.faces import LabelledFaces
from models.estimators.networks import network_inputs
from models.facs import LEVELS, SUPPORTED_AUS, bilateral
from models.generators.base import Generator
from models.registration.face import RegisteredFace

FloatArray = npt.NDArray[np.float32]


def six_of_each(aus: Sequence[str]) -> FloatArray:
    """(A * 6, 18, 2) targets: for each AU the intensities 0 to 5 (Niinuma et al. 2022, 4.2.3).

    A jaw that drops parts the lips, so AU26 comes with AU25 at the same intensity, as FACS scores
    it.
    """
    targets = np.zeros((len(aus), len(LEVELS), len(SUPPORTED_AUS), 2), np.float32)
    for row, au in enumerate(aus):
        levels = np.arange(len(LEVELS), dtype=np.float32)[:, None]
        targets[row, :, SUPPORTED_AUS.index(au)] = levels
        if au == "AU26":
            targets[row, :, SUPPORTED_AUS.index("AU25")] = levels
    return targets.reshape(-1, len(SUPPORTED_AUS), 2)


def drawn_faces(
    face: RegisteredFace,
    generator: Generator,
    aus: Sequence[str],
    architecture: Architecture,
    seed: int = 0,
) -> LabelledFaces:
    """The person's drawings with their labels for `aus`, as the network sees them.

    The photograph itself is the neutral face. Every label is known: what was not asked for is 0.
    """
    targets = six_of_each(aus)
    # level 0 is the same drawing for every AU: draw it once
    distinct, where = np.unique(targets, axis=0, return_inverse=True)
    seeds = [seed + number for number in range(len(distinct))]
    images = generator.generate([face] * len(distinct), distinct, seeds=seeds)
    columns = [SUPPORTED_AUS.index(au) for au in aus]
    seen = network_inputs(architecture, images)
    return LabelledFaces(
        images=seen[where.reshape(-1)],
        labels=np.ascontiguousarray(bilateral(targets)[:, columns]),
        person=np.zeros(len(targets), np.int64),
        neutrals=network_inputs(architecture, face.image[None]),
    )
