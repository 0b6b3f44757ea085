"""What each person of some datasets looks like at rest, or on average."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from models.datasets.labelled_images import LabelledImages
from models.estimators.config import Architecture, Normalisation
from models.estimators.networks import network_inputs
from models.normalisation.mean_texture import mean_texture
from models.registration.face import FACE_SIZE

ImageArray = npt.NDArray[np.uint8]
IndexArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


def references(
    opened: Sequence[LabelledImages],
    people: Sequence[str],
    person: IndexArray,
    architecture: Architecture,
    normalisation: Normalisation,
) -> tuple[ImageArray, BoolArray]:
    """A reference of each person, as the network sees it, and who has one.

    A neutral face is a picture on which every AU that is known is 0, whatever AUs are asked for: a
    real frame that the dataset keeps beside its images, else one among them, else a drawing. A mean
    texture is the one that the dataset keeps, of natural frames, or else the mean of the different
    real frames among its images; never of drawings, whose balance is nobody's usual face.

    Args:
        opened: the archives.
        people: P names.
        person: of each image of all archives after one another, whose it is.
        architecture, normalisation: of the network; mean textures for "mean-texture" alone.

    Returns:
        uint8 (P, H, W, 3), black where there is none, and bool (P,).
    """
    firsts = np.cumsum([0, *(len(one) for one in opened)])
    kept = dict(_kept(opened, normalisation))
    found: dict[int, ImageArray] = {}
    for number, name in enumerate(people):
        rows = np.flatnonzero(person == number)
        picture = kept.get(name)
        if picture is None and normalisation == "mean-texture":
            picture = _mean(opened, firsts, rows)
        elif picture is None:
            picture = _neutral(opened, firsts, rows)
        if picture is not None:
            found[number] = network_inputs(architecture, picture[None])[0]
    has = np.isin(np.arange(len(people)), list(found))
    blank = network_inputs(architecture, np.zeros((1, FACE_SIZE, FACE_SIZE, 3), np.uint8))
    out = np.repeat(blank, len(people), axis=0)
    for number, seen in found.items():
        out[number] = seen
    return out, has


def _kept(
    opened: Sequence[LabelledImages], normalisation: Normalisation
) -> Iterator[tuple[str, ImageArray]]:
    """What archives keep beside their images, by person; the first archive counts."""
    for one in reversed(opened):
        for reference in one.facts.references:
            file = reference.neutral
            if normalisation == "mean-texture":
                file = reference.mean_texture
            if file is not None:
                yield one.person(reference.subject), one.picture(file)


def _neutral(
    opened: Sequence[LabelledImages], firsts: npt.NDArray[np.integer], rows: IndexArray
) -> ImageArray | None:
    drawing: ImageArray | None = None
    for archive, row in _places(firsts, rows):
        if not opened[archive].neutral[row]:
            continue
        if not opened[archive].drawn[row]:
            return opened[archive].image(row)
        if drawing is None:
            drawing = opened[archive].image(row)
    return drawing


def _mean(
    opened: Sequence[LabelledImages], firsts: npt.NDArray[np.integer], rows: IndexArray
) -> ImageArray | None:
    seen: dict[str, tuple[int, int]] = {}
    for archive, row in _places(firsts, rows):
        if not opened[archive].drawn[row]:
            seen.setdefault(opened[archive].sources[row], (archive, row))
    if not seen:
        return None
    return mean_texture(opened[archive].image(row) for archive, row in seen.values())


def _places(firsts: npt.NDArray[np.integer], rows: IndexArray) -> Iterator[tuple[int, int]]:
    """Archive and row in it of rows of all archives after one another."""
    for index in rows:
        archive = int(np.searchsorted(firsts, index, side="right")) - 1
        yield archive, int(index - firsts[archive])
