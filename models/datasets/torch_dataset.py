"""Trains from a dataset's zip archive without unpacking it."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq
import torch
from torch.utils.data import Dataset

from models import facs
from models.datasets.bundle import METADATA
from models.datasets.zip_reader import StoredZipReader
from models.images import decode_image

Sample = tuple[torch.Tensor, torch.Tensor]


class ZippedImages(Dataset[Sample]):
    """Images and intensities of an image-folder zip, by index.

    A sample is the image as float32 (3, H, W) in [-1, 1] and the intensities as float32 (18,) in
    [0, 1] (intensity / 5) by `facs.SUPPORTED_AUS`, NaN where nothing is known. Works in the worker
    processes of a `DataLoader`, forked or spawned.
    """

    def __init__(self, path: Path) -> None:
        """Open an archive and read its table.

        Raises:
            OSError: the file cannot be opened.
            zipfile.BadZipFile: it is no stored zip archive.
            KeyError: it has no ``metadata.parquet``.
        """
        self._archive = StoredZipReader(path)
        table = pq.read_table(
            io.BytesIO(self._archive.read(METADATA)), columns=["file_name", *facs.SUPPORTED_AUS]
        )
        # bytes in one array, not a list of objects: workers that fork share it untouched
        self._names = np.array(table["file_name"].to_pylist(), np.bytes_)
        self.labels: npt.NDArray[np.float32] = np.stack(
            [table[au].to_numpy().astype(np.float32) for au in facs.SUPPORTED_AUS], axis=1
        )

    def __len__(self) -> int:
        return len(self._names)

    def __getitem__(self, index: int) -> Sample:
        if not 0 <= index < len(self):
            raise IndexError(f"image {index} of {len(self)}")
        rgb = decode_image(self._archive.read(self._names[index].decode())).rgb
        image = torch.from_numpy(rgb.transpose(2, 0, 1).astype(np.float32) / 127.5 - 1)
        return image, torch.from_numpy(self.labels[index] / np.float32(facs.MAX_INTENSITY))
