"""A dataset's zip archive as pairs of faces of the same person."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from models.corpora.table import SPLITS
from models.datasets.labelled_images import LabelledImages
from models.facs import SUPPORTED_AUS
from models.generators.config import GeneratorConfig
from models.generators.pairs import IMAGES, PeopleFaces, PeoplePairs, UnfitPairsError, scaled


def labelled_aus(dataset: LabelledImages) -> tuple[str, ...]:
    """The AUs that every image of a dataset has a label for: what a generator can learn from it."""
    return tuple(
        au
        for column, au in enumerate(SUPPORTED_AUS)
        if not np.isnan(dataset.labels[:, column]).any()
    )


def dataset_pairs(
    dataset: LabelledImages, scratch: Path, config: GeneratorConfig, *, seed: int = 0
) -> PeoplePairs:
    """Read an image-folder archive of registered faces.

    Images without a label for one of the AUs are left out, and so are people whom the dataset's
    splits keep for choosing and testing. Real frames are what the critic holds drawings against;
    where there are none, it is shown the sources. Images are kept in a file under `scratch` and not
    in memory: 224 x 224 x 3 B = 151 kB each.

    Args:
        dataset: the archive, opened.
        scratch: an existing folder for the duration of the training.
        config: of the generator that will learn; its AUs have both sides alike, as labels do.
        seed: of the pairs.

    Raises:
        UnfitPairsError: no image is labelled, none shows an AU, an AU is one side's, or the faces
            are registered in another way than the generator's.
        zipfile.BadZipFile, KeyError: an image is damaged or missing.
    """
    sided = [au for au in config.aus if au not in SUPPORTED_AUS]
    if sided:
        raise UnfitPairsError(f"A dataset's labels know no sides, so not {', '.join(sided)}.")
    if dataset.facts.registration != config.registration:
        raise UnfitPairsError(
            f"The dataset's faces are registered in {dataset.facts.registration}, the generator is "
            f"for faces registered in {config.registration}."
        )
    labels = dataset.labels[:, [SUPPORTED_AUS.index(au) for au in config.aus]]
    learnt = np.isin(dataset.split, (-1, SPLITS.index("train")))
    rows = np.flatnonzero(~np.isnan(labels).any(axis=1) & learnt)
    if not (labels[rows] > 0).any():
        raise UnfitPairsError(f"No image of the dataset shows {' or '.join(config.aus)}.")
    shape = (len(rows), config.size, config.size, 3)
    images = np.lib.format.open_memmap(scratch / IMAGES, "w+", np.uint8, shape)
    for place, row in enumerate(rows):
        images[place] = scaled(dataset.image(int(row)), config.size)
    _, person = np.unique(np.array(dataset.subjects), return_inverse=True)
    faces = PeopleFaces(
        config.aus,
        images,
        np.ascontiguousarray(labels[rows]),
        person[rows].astype(np.int64),
        np.asarray(~dataset.drawn[rows], np.bool_),
    )
    return PeoplePairs(faces, seed=seed)
