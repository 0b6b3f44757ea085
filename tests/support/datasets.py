"""Small datasets to train on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from models.datasets.description import DatasetDescription
from models.datasets.image_folder import image_name, write_image_folder
from models.datasets.references import Reference
from models.datasets.rows import DatasetRow
from models.facs import SUPPORTED_AUS
from models.images import encode_png
from tests.models.datasets.samples import DESCRIPTION

LEVELS_OF_AU12 = (0, 3, 5, 1, 4, 2)


def write_bright_faces(
    path: Path,
    people: int = 4,
    each: int = 12,
    size: int = 224,
    neutral: bool = True,
    *,
    changed: Callable[[DatasetRow], DatasetRow] = lambda row: row,
    description: DatasetDescription = DESCRIPTION,
    references: Sequence[Reference] = (),
) -> None:
    """An archive of grey pictures whose brightness is AU12's intensity; AU06 is never coded.

    Without `neutral` person 0 is never seen at rest. Rows are written as `changed` makes them.
    """

    def rows() -> Iterator[tuple[DatasetRow, bytes]]:
        total = people * each
        rng = np.random.default_rng(0)
        for number in range(total):
            person, turn = divmod(number, each)
            level = LEVELS_OF_AU12[turn % 6]
            if not neutral and person == 0:
                level = max(level, 1)
            labels = np.zeros(len(SUPPORTED_AUS), np.float32)
            labels[SUPPORTED_AUS.index("AU06")] = np.nan
            labels[SUPPORTED_AUS.index("AU12")] = level
            noise = rng.integers(0, 20, (size, size, 3))
            image = (40 + 35 * level + noise).clip(0, 255).astype(np.uint8)
            row = DatasetRow(
                image_name(number, total),
                f"person {person}",
                f"frame {number}",
                "rig",
                True,
                None,
                number,
                None,
                None,
                None,
                None,
                level == 0,
                labels,
            )
            yield changed(row), encode_png(image)

    with path.open("wb") as sink:
        write_image_folder(sink, rows(), description, references=references)
