"""Training straight from the zip, in as many processes as the loader likes."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import numpy as np
import pytest

from models import facs
from models.datasets.image_folder import write_image_folder
from tests.models.corpora.builders import picture
from tests.models.datasets import samples

torch = pytest.importorskip("torch", reason="torch is not installed")
from models.datasets.torch_dataset import ZippedImages  # noqa: E402

TOTAL = 9


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "smiles.zip"
    with path.open("wb") as sink:
        write_image_folder(sink, samples.images(TOTAL), samples.DESCRIPTION)
    return path


def test_samples_are_scaled_images_and_intensities(archive: Path) -> None:
    dataset = ZippedImages(archive)
    image, labels = dataset[4]

    assert len(dataset) == TOTAL
    assert image.shape == (3, 96, 96)
    assert image.dtype == labels.dtype == torch.float32
    pixels = ((image.numpy() + 1) * 127.5).round().astype(np.uint8).transpose(1, 2, 0)
    np.testing.assert_array_equal(pixels, picture(4))
    np.testing.assert_allclose(labels.numpy() * 5, samples.labels_of(4), rtol=1e-6)
    assert labels[facs.SUPPORTED_AUS.index("AU01")].isnan()
    with pytest.raises(IndexError, match="image 9 of 9"):
        dataset[TOTAL]


@pytest.mark.filterwarnings("ignore:This DataLoader will create")  # on one core
@pytest.mark.parametrize("start", ["fork", "spawn"])
def test_worker_processes_read_the_same(archive: Path, start: str) -> None:
    dataset = ZippedImages(archive)
    loader = torch.utils.data.DataLoader(
        dataset, batch_size=2, num_workers=2, multiprocessing_context=start, timeout=60
    )
    batches = list(loader)

    alone = torch.stack([dataset[index][0] for index in range(TOTAL)])
    assert torch.equal(torch.cat([images for images, _ in batches]), alone)


def test_closing_leaves_no_file_open(archive: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    dataset = ZippedImages(archive)
    assert len(os.listdir("/proc/self/fd")) == before + 1
    del dataset
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) == before
