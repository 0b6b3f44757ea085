"""Writes a dataset as tar shards in the convention of WebDataset, for training from a stream.

A shard is a tar archive in which files with the same stem belong together: ``000042.png`` and
``000042.json`` with the row. The shards lie in a stored zip beside the same tables and card as the
image folder has; unpacked, ``shards/{000000..000020}.tar`` is what WebDataset reads.
"""

from __future__ import annotations

import itertools
import json
import math
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import PurePosixPath
from types import TracebackType
from typing import IO, Final

from models import facs
from models.balancing.report import BalanceReport
from models.datasets.bundle import Bundle
from models.datasets.description import DatasetDescription
from models.datasets.rows import SCHEMA, DatasetRow
from models.datasets.zip_writer import Sink, StoredZipWriter

PER_SHARD: Final = 10_000
"""Images in a shard: 10,000 x 75 kB = 750 MB, of the size WebDataset advises."""


def write_web_dataset(
    sink: Sink,
    images: Iterable[tuple[DatasetRow, bytes]],
    description: DatasetDescription,
    report: BalanceReport | None = None,
    *,
    per_shard: int = PER_SHARD,
) -> int:
    """Write the archive to `sink` while images come in; one shard waits on disk at a time.

    Args, returns and raises as `image_folder.write_image_folder`; `per_shard` is at least 1.
    """
    if per_shard < 1:
        raise ValueError(f"per_shard is {per_shard}; a shard has at least 1 image")
    count = 0
    rest = iter(images)
    with Bundle(description, report) as bundle, StoredZipWriter(sink) as archive:
        for number in itertools.count():
            with _Shard(number) as shard:
                for row, png in itertools.islice(rest, per_shard):
                    bundle.add(row)
                    shard.add(row, png)
                if not shard.images:
                    break
                shard.finish(archive)
                count += shard.images
        bundle.write(archive, shards="shards/*.tar")
    return count


def row_json(row: DatasetRow) -> str:
    """A row as one line of JSON; null where nothing is known."""
    values: dict[str, object] = {
        name: getattr(row, name) for name in SCHEMA.names[: -len(facs.SUPPORTED_AUS)]
    }
    for au, value in zip(facs.SUPPORTED_AUS, row.labels.tolist(), strict=True):
        values[au] = None if math.isnan(value) else value
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


class _Shard:
    """One tar archive in a temporary file."""

    def __init__(self, number: int) -> None:
        self.name = f"shards/{number:06d}.tar"
        self.images = 0
        self.file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed on exit

    def add(self, row: DatasetRow, png: bytes) -> None:
        stem = PurePosixPath(row.file_name).stem
        self._add(f"{stem}.json", row_json(row).encode())
        self._add(f"{stem}.png", png)
        self.images += 1

    def finish(self, archive: StoredZipWriter) -> None:
        end = 2 * tarfile.BLOCKSIZE
        self.file.write(bytes(end + -(self.file.tell() + end) % tarfile.RECORDSIZE))
        archive.add_file(self.name, self.file)

    def __enter__(self) -> _Shard:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.file.close()

    def _add(self, name: str, data: bytes) -> None:
        # written block by block: a TarFile would keep every member it wrote in memory
        info = tarfile.TarInfo(name)  # owner 0, date 0: the same bytes every time
        info.size = len(data)
        info.mode = 0o644
        self.file.write(info.tobuf(tarfile.USTAR_FORMAT))
        self.file.write(data + bytes(-len(data) % tarfile.BLOCKSIZE))
