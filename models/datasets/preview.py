"""A contact sheet of a dataset, gathered while its images go by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from models.contact_sheet import contact_sheet
from models.images import ImageArray, decode_image


@dataclass(frozen=True)
class Sheet:
    """Which images a contact sheet shows.

    Attributes:
        places: index of an image -> its row and column.
        rows, columns: labels.
    """

    places: Mapping[int, tuple[int, int]]
    rows: Sequence[str]
    columns: Sequence[str]


@dataclass
class Preview:
    """Keeps the images of one `Sheet`; 108 of 224 x 224 pixels are 16 MB."""

    sheet: Sheet
    _kept: dict[tuple[int, int], ImageArray] = field(default_factory=dict)

    def add(self, index: int, png: bytes) -> None:
        """Offer image `index`; it is decoded only when the sheet shows it."""
        place = self.sheet.places.get(index)
        if place is not None:
            self._kept[place] = decode_image(png).rgb

    def image(self, cell: int = 160) -> ImageArray:
        """The sheet; cells without an image are left white."""
        blank = next(iter(self._kept.values())) * 0 + 255 if self._kept else None
        rows = []
        for row in range(len(self.sheet.rows)):
            images = [
                self._kept.get((row, column), blank) for column in range(len(self.sheet.columns))
            ]
            rows.append([image for image in images if image is not None])
        columns = self.sheet.columns if blank is not None else ()
        return contact_sheet(rows, self.sheet.rows, columns, cell)
