"""What every format of a dataset holds beside its images: tables, card, Croissant, plots."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from types import TracebackType
from typing import IO

from models.balancing.plots import co_occurrence_plot, counts_plot
from models.balancing.report import BalanceReport
from models.balancing.tally import LabelTally
from models.datasets.card import CO_OCCURRENCE_PLOT, COUNTS_PLOT, card
from models.datasets.croissant import croissant_json
from models.datasets.description import DatasetDescription
from models.datasets.facts import FACTS, facts_json, facts_of
from models.datasets.references import Reference, write_references
from models.datasets.rows import DatasetRow, RowFiles
from models.datasets.zip_writer import StoredZipWriter

METADATA = "metadata.parquet"
LABELS = "labels.csv"
"""The CSV is not called metadata.csv: `datasets` refuses a folder with metadata in two formats."""
CROISSANT = "croissant.json"
CARD = "README.md"


class RowsInWrongOrderError(ValueError):
    """Images did not come in the order of their names, or one came twice."""


class Bundle:
    """Collects rows while images are written, then adds the other files; a context manager."""

    def __init__(self, description: DatasetDescription, report: BalanceReport | None) -> None:
        self._description = description
        self._report = report
        self._tally = LabelTally()
        self._files = RowFiles()
        self._last = ""

    def add(self, row: DatasetRow) -> None:
        """Append a row.

        Raises:
            RowsInWrongOrderError: its name is not behind the last one's.
        """
        if row.file_name <= self._last:
            raise RowsInWrongOrderError(f"{row.file_name} came after {self._last}")
        self._last = row.file_name
        self._files.add(row)
        self._tally.add(row.labels[None])

    def write(
        self,
        archive: StoredZipWriter,
        shards: str | None = None,
        references: Iterable[Reference] = (),
    ) -> None:
        """End the tables and write all files but the images, by name.

        Args:
            references: of the people in it.
            shards: glob pattern of the tar shards, where the images are in some.
        """
        self._files.finish()
        sha256, size = _digest(self._files.parquet)
        croissant = croissant_json(
            self._description, parquet_sha256=sha256, parquet_size=size, shards=shards
        )
        facts = facts_of(self._description, write_references(archive, references))
        archive.add(CARD, card(self._description, self._tally, self._report).encode())
        archive.add(CROISSANT, croissant.encode())
        archive.add(FACTS, facts_json(facts).encode())
        archive.add_file(LABELS, self._files.csv)
        archive.add_file(METADATA, self._files.parquet)
        if self._report is not None:
            archive.add(CO_OCCURRENCE_PLOT, co_occurrence_plot(self._report))
            archive.add(COUNTS_PLOT, counts_plot(self._report))

    def __enter__(self) -> Bundle:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._files.__exit__(kind, error, trace)


def _digest(file: IO[bytes]) -> tuple[str, int]:
    file.seek(0)
    digest = hashlib.sha256()
    while chunk := file.read(1 << 20):
        digest.update(chunk)
    return digest.hexdigest(), file.tell()
