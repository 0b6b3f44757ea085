"""Windows and how they are cut from photos."""

from __future__ import annotations

import numpy as np
import pytest

from models.registration.face import ImageArray
from models.registration.pyramid import Pyramid, Window


def ramp(width: int, height: int) -> ImageArray:
    """Red is x, green is y, in pixels."""
    y, x = np.mgrid[:height, :width]
    return np.stack([x, y, np.zeros_like(x)], axis=-1).astype(np.uint8)


def test_a_window_of_its_own_size_is_a_copy() -> None:
    photo = ramp(40, 30)
    # Columns 10 to 17 and rows 4 to 11: the middle lies between pixels.
    crop = Pyramid(photo).cut(Window(13.5, 7.5, 8), 8)
    assert np.array_equal(crop, photo[4:12, 10:18])


def test_a_turned_window_is_upright_in_the_crop() -> None:
    photo = ramp(40, 40)
    crop = Pyramid(photo).cut(Window(19.5, 19.5, 20, angle=90.0), 20)
    # What points down in the photo, after a clockwise turn by 90 degrees, pointed right before.
    assert np.array_equal(crop, np.rot90(photo[10:30, 10:30], 1))


def test_crop_points_go_back_to_where_they_came_from() -> None:
    window = Window(100.0, 50.0, 60.0, angle=30.0)
    corners = np.array([[14.5, 14.5, 1.0], [29.5, 14.5, 2.0]], np.float32)  # middle; right edge
    found = window.points_to_photo(corners, 30)
    assert found[0] == pytest.approx([100, 50, 2])
    assert found[1] == pytest.approx([100 + 30 * np.cos(np.pi / 6), 50 + 15, 4], abs=1e-4)


@pytest.mark.parametrize("size", [128, 100, 33])
def test_reduction_skips_no_pixels(size: int) -> None:
    """A checkerboard of single pixels is grey from afar, never black or white."""
    board = np.indices((1024, 1024)).sum(0) % 2 * 255
    photo = np.repeat(board[..., None], 3, axis=2).astype(np.uint8)
    crop = Pyramid(photo).cut(Window(511.5, 511.5, 1024), size)
    assert np.abs(crop.astype(int) - 127.5).max() < 2


@pytest.mark.parametrize(("width", "height"), [(600, 400), (601, 397), (333, 999)])
def test_reduced_crops_stay_in_register(width: int, height: int) -> None:
    """A smooth ramp keeps its values at every scale and for odd sizes."""
    y, x = np.mgrid[:height, :width]
    photo = np.stack([x * 250 / width, y * 250 / height, x * 0], axis=-1).astype(np.uint8)
    crop = Pyramid(photo).cut(Window(width / 2, height / 2, 256), 32).astype(float)
    at = (np.arange(32) - 15.5) * 8
    expected_x = (at + width / 2) * 250 / width
    expected_y = (at + height / 2) * 250 / height
    assert np.abs(crop[16, :, 0] - expected_x).max() < 1.5
    assert np.abs(crop[:, 16, 1] - expected_y).max() < 1.5


def test_beyond_the_photo_is_black() -> None:
    crop = Pyramid(np.full((20, 20, 3), 255, np.uint8)).cut(Window(0, 0, 40), 40)
    assert crop[:19].max() == 0
    assert crop[21:39, 21:39].min() == 255


def test_tiny_photos_have_all_levels_they_can() -> None:
    pyramid = Pyramid(np.full((1, 3, 3), 9, np.uint8))
    assert pyramid.level(64.0).shape == (1, 3, 3)
    assert pyramid.cut(Window(1, 0, 500), 4).shape == (4, 4, 3)
