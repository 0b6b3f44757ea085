"""A dataset's zip archive as pairs of faces of the same person."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from models.datasets.bundle import METADATA
from models.datasets.zip_reader import StoredZipReader
from models.facs import SUPPORTED_AUS
from models.generators.config import GeneratorConfig
from models.generators.pairs import IMAGES, PeopleFaces, PeoplePairs, UnfitPairsError, scaled
from models.images import decode_image

FloatArray = npt.NDArray[np.float32]

_NOBODY = "none"
"""What a dataset's table names as the generator of a real frame."""


def labelled_aus(archive: Path) -> tuple[str, ...]:
    """The AUs that every image of a dataset has a label for: what a generator can learn from it.

    Raises:
        OSError, zipfile.BadZipFile, KeyError: as `dataset_pairs`.
    """
    labels = _labels(_table(StoredZipReader(archive)), SUPPORTED_AUS)
    return tuple(
        au for column, au in enumerate(SUPPORTED_AUS) if not np.isnan(labels[:, column]).any()
    )


def dataset_pairs(
    archive: Path, scratch: Path, config: GeneratorConfig, *, seed: int = 0
) -> PeoplePairs:
    """Read an image-folder archive of registered faces.

    Images without a label for one of the AUs are left out. Real frames are what the critic holds
    drawings against; where there are none, it is shown the sources. Images are kept in a file
    under `scratch` and not in memory: 224 x 224 x 3 B = 151 kB each.

    Args:
        archive: the zip.
        scratch: an existing folder for the duration of the training.
        config: of the generator that will learn; its AUs have both sides alike, as labels do.
        seed: of the pairs.

    Raises:
        UnfitPairsError: no image is labelled, none shows an AU, or an AU is one side's.
        OSError: the archive cannot be read.
        zipfile.BadZipFile, KeyError: it is no dataset that is an image folder.
    """
    sided = [au for au in config.aus if au not in SUPPORTED_AUS]
    if sided:
        raise UnfitPairsError(f"A dataset's labels know no sides, so not {', '.join(sided)}.")
    reader = StoredZipReader(archive)
    table = _table(reader)
    labels = _labels(table, config.aus)
    rows = np.flatnonzero(~np.isnan(labels).any(axis=1))
    if not (labels[rows] > 0).any():
        raise UnfitPairsError(f"No image of the dataset shows {' or '.join(config.aus)}.")
    shape = (len(rows), config.size, config.size, 3)
    images = np.lib.format.open_memmap(scratch / IMAGES, "w+", np.uint8, shape)
    for place, row in enumerate(rows):
        name = table["file_name"][int(row)].as_py()
        images[place] = scaled(decode_image(reader.read(name)).rgb, config.size)
    _, person = np.unique(np.array(table["subject"].to_pylist()), return_inverse=True)
    drawn_by = np.array(table["generator"].to_pylist())
    faces = PeopleFaces(
        config.aus,
        images,
        np.ascontiguousarray(labels[rows]),
        person[rows].astype(np.int64),
        np.asarray(drawn_by[rows] == _NOBODY, np.bool_),
    )
    return PeoplePairs(faces, seed=seed)


def _table(reader: StoredZipReader) -> pa.Table:
    return pq.read_table(io.BytesIO(reader.read(METADATA)))


def _labels(table: pa.Table, aus: tuple[str, ...]) -> FloatArray:
    """float32 (N, A), NaN where nothing is known."""
    return np.stack([table[au].to_numpy().astype(np.float32) for au in aus], axis=1)
