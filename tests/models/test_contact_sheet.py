"""Contact sheets."""

from __future__ import annotations

import numpy as np
import pytest

from models.contact_sheet import contact_sheet
from models.images import ImageArray


def plain(height: int, width: int, colour: tuple[int, int, int]) -> ImageArray:
    return np.tile(np.array(colour, np.uint8), (height, width, 1))


RED, GREEN, BLUE = (200, 0, 0), (0, 200, 0), (0, 0, 200)


def count(sheet: ImageArray, colour: tuple[int, int, int]) -> int:
    return int((sheet == np.array(colour, np.uint8)).all(-1).sum())


def middle(sheet: ImageArray, colour: tuple[int, int, int]) -> tuple[float, float]:
    rows, columns = np.nonzero((sheet == np.array(colour, np.uint8)).all(-1))
    return float(rows.mean()), float(columns.mean())


def test_each_image_fills_its_cell_and_keeps_its_proportions() -> None:
    rows = [[plain(10, 10, RED), plain(20, 40, GREEN)], [plain(64, 64, BLUE)]]
    sheet = contact_sheet(rows, ["first", "second"], ["a", "b"], cell=64)
    assert sheet.dtype == np.uint8
    assert (count(sheet, RED), count(sheet, GREEN), count(sheet, BLUE)) == (64**2, 64 * 32, 64**2)


def test_rows_go_down_and_columns_go_right() -> None:
    rows = [[plain(8, 8, RED), plain(8, 8, GREEN)], [plain(8, 8, BLUE)]]
    sheet = contact_sheet(rows, ["", ""], ["", ""], cell=32)
    red, green, blue = (middle(sheet, colour) for colour in (RED, GREEN, BLUE))
    assert red[0] == green[0] < blue[0]
    assert blue[1] == red[1] < green[1]


def test_labels_are_drawn_and_none_covers_an_image() -> None:
    rows = [[plain(8, 8, RED), plain(8, 8, GREEN)]]
    short = contact_sheet(rows, ["row"], ["a", "b"], cell=48)
    long = contact_sheet(rows, ["row"], ["AU06+AU12+AU25 at E, drawn by the rig", "b"], cell=48)
    assert (short < 100).all(-1).sum() > 20
    assert long.shape[1] > short.shape[1]
    for sheet in (short, long):
        assert count(sheet, RED) == count(sheet, GREEN) == 48**2


def test_same_images_same_bytes() -> None:
    rows = [[plain(30, 20, RED)]]
    one, other = (contact_sheet(rows, ["r"], ["c"]) for _ in range(2))
    assert np.array_equal(one, other)


def test_labels_must_match() -> None:
    with pytest.raises(ValueError, match="1 rows and 2 columns"):
        contact_sheet([[plain(8, 8, RED), plain(8, 8, GREEN)]], ["r"], ["only one"])
