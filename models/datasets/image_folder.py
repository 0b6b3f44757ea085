"""Writes a dataset as a zip archive of PNG files that `datasets` loads as an image folder."""

from __future__ import annotations

from collections.abc import Iterable

from models.balancing.report import BalanceReport
from models.datasets.bundle import Bundle
from models.datasets.description import DatasetDescription
from models.datasets.references import Reference
from models.datasets.rows import DatasetRow
from models.datasets.zip_writer import Sink, StoredZipWriter


def image_name(index: int, total: int) -> str:
    """The path of image `index` of `total`: ``images/000042.png``, in order when sorted."""
    return f"images/{index:0{max(6, len(str(total - 1)))}d}.png"


def write_image_folder(
    sink: Sink,
    images: Iterable[tuple[DatasetRow, bytes]],
    description: DatasetDescription,
    report: BalanceReport | None = None,
    references: Iterable[Reference] = (),
) -> int:
    """Write the archive to `sink` while images come in.

    One image is in memory at a time. The same images and description give the same bytes.

    Args:
        images: rows and PNG bytes in the order of their names; see `image_name`.
        report: balance of the plan behind the images, where there was one.
        references: what the people in them usually look like, where that is known.

    Returns:
        The number of images.

    Raises:
        RowsInWrongOrderError: a name is not behind the one before it.
        Whatever `images` or `sink` raise; what was written so far is then no archive.
    """
    count = 0
    with Bundle(description, report) as bundle, StoredZipWriter(sink) as archive:
        for row, png in images:
            bundle.add(row)
            archive.add(row.file_name, png)
            count += 1
        bundle.write(archive, references=references)
    return count
