"""A dataset's archive as rows to learn from: images, what they show, and of whom."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from models.corpora.table import SPLITS
from models.datasets.bundle import METADATA
from models.datasets.facts import DatasetFacts, read_facts
from models.datasets.zip_reader import StoredZipReader
from models.facs import SUPPORTED_AUS
from models.images import decode_image

FloatArray = npt.NDArray[np.float32]
ImageArray = npt.NDArray[np.uint8]
BoolArray = npt.NDArray[np.bool_]
CodeArray = npt.NDArray[np.int8]

_NOBODY = "none"
"""What a dataset's table names as the generator of a real frame."""


class LabelledImages:
    """The N images of an image-folder archive, in the order of its table.

    Attributes:
        facts: what the dataset is.
        labels: float32 (N, 18) by `facs.SUPPORTED_AUS`, NaN where nothing is known.
        subjects: N names of whose face it is.
        sources: N names of the frame or upload it was drawn from.
        drawn: bool (N,), which are drawings and not real frames.
        neutral: bool (N,), which show every AU that is known of them at 0.
        split: int8 (N,), index into `models.corpora.table.SPLITS`, -1 for none.
    """

    def __init__(self, archive: Path) -> None:
        """Open an archive and read its table.

        Raises:
            OSError: the archive cannot be read.
            zipfile.BadZipFile, KeyError: it is no dataset that is an image folder.
            UnknownDatasetError: it does not say what it is.
        """
        self._reader = StoredZipReader(archive)
        table = pq.read_table(io.BytesIO(self._reader.read(METADATA)))
        self._names: list[str] = table["file_name"].to_pylist()
        self.labels: FloatArray = np.stack(
            [table[au].to_numpy().astype(np.float32) for au in SUPPORTED_AUS], axis=1
        )
        self.subjects: list[str] = table["subject"].to_pylist()
        self.sources: list[str] = table["source"].to_pylist()
        self.drawn = _drawn(table)
        self.neutral = _neutral(table, self.labels)
        self.split = _splits(table)
        self.facts: DatasetFacts = read_facts(self._reader)

    def __len__(self) -> int:
        return len(self._names)

    def name(self, row: int) -> str:
        """The file name of an image."""
        return self._names[row]

    def image(self, row: int) -> ImageArray:
        """An image, uint8 (H, W, 3) RGB."""
        return decode_image(self._reader.read(self._names[row])).rgb

    def picture(self, file: str) -> ImageArray:
        """Another picture of the archive, such as a reference; uint8 (H, W, 3) RGB."""
        return decode_image(self._reader.read(file)).rgb

    def person(self, subject: str) -> str:
        """A subject's name among those of other datasets: people of one corpus are the same."""
        return subject if self.facts.corpus is None else f"{self.facts.corpus}: {subject}"


# Archives of earlier versions lack the columns that these read.


def _drawn(table: pa.Table) -> BoolArray:
    if "synthetic" in table.column_names:
        return np.array(table["synthetic"].to_pylist(), np.bool_)
    return np.array([name != _NOBODY for name in table["generator"].to_pylist()], np.bool_)


def _neutral(table: pa.Table, labels: FloatArray) -> BoolArray:
    if "neutral" in table.column_names:
        return np.array([value is True for value in table["neutral"].to_pylist()], np.bool_)
    resting = (np.nan_to_num(labels) == 0).all(axis=1) & ~np.isnan(labels).all(axis=1)
    return np.asarray(resting, np.bool_)


def _splits(table: pa.Table) -> CodeArray:
    if "split" not in table.column_names:
        return np.full(table.num_rows, -1, np.int8)
    names = table["split"].to_pylist()
    return np.array([-1 if name is None else SPLITS.index(name) for name in names], np.int8)
