"""A contact sheet shows the images it is told to, each in its place."""

from __future__ import annotations

import numpy as np

from models.datasets.preview import Preview, Sheet
from models.images import ImageArray, encode_png

SHEET = Sheet({0: (0, 0), 4: (0, 1), 9: (1, 1)}, ["AU06", "AU12"], ["0", "A"])


def grey(value: int) -> ImageArray:
    return np.full((224, 224, 3), value, np.uint8)


def test_images_lie_in_their_places_and_others_are_left_out() -> None:
    preview = Preview(SHEET)
    for index in range(10):
        preview.add(index, encode_png(grey(20 * index)))
    image = preview.image(cell=100)
    left = image.shape[1] - 2 * 104
    top = image.shape[0] - 2 * 104
    assert image[top + 50, left + 50].tolist() == [0] * 3
    assert image[top + 50, left + 154].tolist() == [80] * 3
    assert image[top + 154, left + 154].tolist() == [180] * 3
    assert image[top + 154, left + 50].tolist() == [255] * 3  # nothing was drawn for it


def test_a_dataset_without_images_has_a_sheet_too() -> None:
    assert Preview(SHEET).image().shape[2] == 3
