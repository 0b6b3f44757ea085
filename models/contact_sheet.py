"""Contact sheets: a labelled grid of images, to be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from models.images import ImageArray

_GAP: Final = 4
_PAPER: Final = (255, 255, 255)
_INK: Final = (20, 20, 20)


def contact_sheet(
    rows: Sequence[Sequence[ImageArray]],
    row_labels: Sequence[str],
    column_labels: Sequence[str],
    cell: int = 224,
) -> ImageArray:
    """Lay images out in labelled rows and columns.

    Args:
        rows: uint8 (H, W, 3) RGB images of any size; each is shrunk or grown to fit its cell,
            keeping its proportions. Rows may be of different lengths.
        row_labels: one for each row; may hold line breaks.
        column_labels: one for each column of the longest row; may hold line breaks.
        cell: side of a cell in pixels.

    Returns:
        uint8 (H, W, 3) RGB.

    Raises:
        ValueError: there are not as many labels as rows or columns.
    """
    columns = max((len(row) for row in rows), default=0)
    if len(row_labels) != len(rows) or len(column_labels) != columns:
        raise ValueError(
            f"{len(rows)} rows and {columns} columns need as many labels, "
            f"not {len(row_labels)} and {len(column_labels)}"
        )
    font = _font(max(10, cell // 14))
    left = max((_extent(label, font)[0] for label in row_labels), default=0) + 2 * _GAP
    top = max((_extent(label, font)[1] for label in column_labels), default=0) + 2 * _GAP
    pitch = cell + _GAP
    # A label wider than its column would run into the next one: columns are as wide as needed.
    across = max([pitch, *(_extent(label, font)[0] + 2 * _GAP for label in column_labels)])
    sheet = Image.new("RGB", (left + columns * across, top + len(rows) * pitch), _PAPER)
    pen = ImageDraw.Draw(sheet)
    for column, label in enumerate(column_labels):
        middle = left + column * across + across / 2 - _GAP / 2
        pen.multiline_text((middle, top - _GAP), label, _INK, font, anchor="md", align="center")
    for row, (images, label) in enumerate(zip(rows, row_labels, strict=True)):
        y = top + row * pitch
        pen.multiline_text((left - _GAP, y + cell / 2), label, _INK, font, "rm", align="right")
        for column, image in enumerate(images):
            fitted = _fitted(image, cell)
            x = left + column * across + (across - _GAP - fitted.width) // 2
            sheet.paste(fitted, (x, y + (cell - fitted.height) // 2))
    return np.array(sheet, np.uint8)


def _fitted(image: ImageArray, cell: int) -> Image.Image:
    height, width = image.shape[:2]
    scale = cell / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    picture = Image.fromarray(image)
    return picture if size == picture.size else picture.resize(size, Image.Resampling.LANCZOS)


def _extent(label: str, font: ImageFont.ImageFont | ImageFont.FreeTypeFont) -> tuple[int, int]:
    pen = ImageDraw.Draw(Image.new("L", (1, 1)))
    left, top, right, bottom = pen.multiline_textbbox((0, 0), label, font)
    return int(np.ceil(right - min(left, 0))), int(np.ceil(bottom - min(top, 0)))


@lru_cache(maxsize=8)
def _font(size: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)
