"""Pairs where there is no corpus: photographs, and the rig as a teacher that draws on them.

A person's neutral photograph and what the rig makes of it give pairs in both directions: neutral to
a drawn expression, and a drawn expression back to the real neutral face. A photograph of a smile
gives pairs with the neutral one whose both ends are real. The critic is shown photographs alone, so
that the teacher's way of drawing teeth is not what passes for real.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from models.facs import SIDES, SUPPORTED_AUS
from models.generators.base import Generator
from models.generators.config import GeneratorConfig, drawable, told
from models.generators.expressions import balanced_targets
from models.generators.pairs import IMAGES, PeopleFaces, PeoplePairs, UnfitPairsError, scaled
from models.generators.rig import RigGenerator
from models.registration.face import RegisteredFace
from models.rig.shown import shown_expression

FloatArray = npt.NDArray[np.float32]

_AU06, _AU12 = SUPPORTED_AUS.index("AU06"), SUPPORTED_AUS.index("AU12")
_LEAST_SMILE: Final = 2.0
_CHEEKS_LAG: Final = 1.0
"""Nobody coded the photographs. Asked to smile, people pull the lip corners at B or more; the mesh
says how far. It does not show cheeks, which are taken to stay a level below the corners."""


@dataclass(frozen=True, eq=False)
class PersonPhotos:
    """One person's photographs, registered: neutral, and perhaps others with a smile."""

    neutral: RegisteredFace
    smiles: tuple[RegisteredFace, ...] = ()


def smile_shown(face: RegisteredFace) -> FloatArray:
    """(18, 2) intensities of a photograph of somebody who smiles, as far as they can be told."""
    shown = shown_expression(face)
    shown[_AU12] = np.maximum(shown[_AU12], _LEAST_SMILE)
    shown[_AU06] = np.maximum(shown[_AU06], shown[_AU12] - _CHEEKS_LAG)
    return shown


def photo_faces(
    people: Sequence[PersonPhotos],
    scratch: Path,
    config: GeneratorConfig,
    *,
    drawings: int = 24,
    teacher: Generator | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> PeopleFaces:
    """Draw on everybody's neutral photograph, and keep all faces in a file under `scratch`.

    Args:
        people: whom to learn from.
        scratch: an existing folder for the duration of the training.
        config: of the generator that will learn. Of each expression drawn, only its AUs count.
        drawings: of each person; every AU at every level equally often over all people.
        teacher: what draws; the rig by default.
        seed: of expressions and drawings.
        progress: told (people done, of how many).

    Raises:
        UnfitPairsError: there is nobody.
        models.assets.AssetError: the rig's weights are missing or damaged.
    """
    if not people:
        raise UnfitPairsError("There are no photos to learn from.")
    teacher = teacher or RigGenerator()
    aus = [au for au in SUPPORTED_AUS if any(name.startswith(au) for name in config.aus)]
    rng = np.random.default_rng(seed)
    asked = drawable(config, balanced_targets(drawings * len(people), rng, aus))
    count = sum(1 + len(one.smiles) + drawings for one in people)
    shape = (count, config.size, config.size, 3)
    images = np.lib.format.open_memmap(scratch / IMAGES, "w+", np.uint8, shape)
    labels: list[FloatArray] = []
    person: list[int] = []
    real: list[bool] = []
    for number, one in enumerate(people):
        targets = asked[number * drawings : (number + 1) * drawings]
        seeds = [seed + number * drawings + index for index in range(drawings)]
        drawn = teacher.generate([one.neutral] * drawings, targets, seeds=seeds)
        photographs = [one.neutral.image, *(face.image for face in one.smiles)]
        neutral = np.zeros((1, len(SUPPORTED_AUS), len(SIDES)), np.float32)
        shown = [neutral, *(smile_shown(face)[None] for face in one.smiles), targets]
        for place, image in enumerate((*photographs, *drawn), start=len(real)):
            images[place] = scaled(image, config.size)
        labels.append(5 * told(config, np.concatenate(shown)))
        real += [True] * len(photographs) + [False] * drawings
        person += [number] * (len(photographs) + drawings)
        progress(number + 1, len(people))
    return PeopleFaces(
        config.aus,
        images,
        np.concatenate(labels),
        np.array(person, np.int64),
        np.array(real, np.bool_),
    )


def photo_pairs(
    people: Sequence[PersonPhotos],
    scratch: Path,
    config: GeneratorConfig,
    *,
    drawings: int = 24,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> PeoplePairs:
    """Pairs of `photo_faces`, which see."""
    faces = photo_faces(people, scratch, config, drawings=drawings, seed=seed, progress=progress)
    return PeoplePairs(faces, seed=seed)
