"""What is known of each image of a dataset, as rows of a table; parquet and CSV as a stream."""

from __future__ import annotations

import csv
import io
import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import IO, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from models import facs
from models.corpora.table import Split

FloatArray = npt.NDArray[np.float32]

_ROWS_AT_ONCE: Final = 4_096
"""Rows in memory and in a row group: 4,096 x about 300 B = 1.2 MB."""


@dataclass(frozen=True, eq=False)
class DatasetRow:
    """One image.

    Attributes:
        file_name: path in the dataset, such as ``images/000000.png``.
        subject: whose face it is drawn on.
        source: what it was drawn from: a frame of a corpus or an uploaded image.
        generator: the name of what drew it.
        synthetic: whether it is drawn; False for a real frame.
        split: the split that its subject is in, by the corpus or by whoever asked for splits;
            None where there is none. Who is trained on, chosen by and tested follows from it.
        seed: of whatever is random in the drawing.
        au, intensity: the cell it was drawn for; None where there was no cell.
        pitch, yaw: the pose it was drawn in, degrees; None where the pose is the source's own.
        neutral: whether every AU that is known of it is at 0, those of which only presence is
            known included; None where nothing is known.
        labels: float32 (18,) intensities it shows, NaN where nothing is known of an AU; all that
            are known, whichever AUs the dataset was asked for.
    """

    file_name: str
    subject: str
    source: str
    generator: str
    synthetic: bool
    split: Split | None
    seed: int
    au: str | None
    intensity: float | None
    pitch: float | None
    yaw: float | None
    neutral: bool | None
    labels: FloatArray


SCHEMA: Final = pa.schema(
    [
        pa.field("file_name", pa.string(), nullable=False),
        pa.field("subject", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("generator", pa.string(), nullable=False),
        pa.field("synthetic", pa.bool_(), nullable=False),
        pa.field("split", pa.string()),
        pa.field("seed", pa.int64(), nullable=False),
        pa.field("au", pa.string()),
        pa.field("intensity", pa.float32()),
        pa.field("pitch", pa.float32()),
        pa.field("yaw", pa.float32()),
        pa.field("neutral", pa.bool_()),
        *(pa.field(au, pa.float32()) for au in facs.SUPPORTED_AUS),
    ]
)
"""Columns and types, in order; the same in parquet and CSV."""


class RowFiles:
    """Collects rows into a parquet and a CSV file, both temporary; a context manager.

    After `finish`, `parquet` and `csv` are open files that hold the whole table.
    """

    def __init__(self) -> None:
        self.parquet: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed on exit
        self.csv: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed on exit
        self._text = io.TextIOWrapper(self.csv, "utf-8", newline="", write_through=True)
        self._lines = csv.writer(self._text, lineterminator="\n")
        self._lines.writerow(SCHEMA.names)
        # uncompressed, and without arrow's own copy of the schema: bytes that outlive versions
        self._table = pq.ParquetWriter(
            self.parquet, SCHEMA, compression="none", store_schema=False, version="2.6"
        )
        self._waiting: list[DatasetRow] = []

    def add(self, row: DatasetRow) -> None:
        """Append a row.

        Raises:
            ValueError: its labels are not 18.
        """
        if row.labels.shape != (len(facs.SUPPORTED_AUS),):
            raise ValueError(f"expected {len(facs.SUPPORTED_AUS)} labels, got {row.labels.shape}")
        self._waiting.append(row)
        if len(self._waiting) == _ROWS_AT_ONCE:
            self._flush()

    def finish(self) -> None:
        """Write what waits and end both files."""
        self._flush()
        self._table.close()
        self._text.detach()

    def _flush(self) -> None:
        rows, self._waiting = self._waiting, []
        if not rows:
            return
        self._table.write_table(rows_table(rows))
        self._lines.writerows(
            [
                row.file_name, row.subject, row.source, row.generator, _truth(row.synthetic),
                row.split or "", row.seed, row.au or "",
                *(_number(value) for value in (row.intensity, row.pitch, row.yaw)),
                _truth(row.neutral),
                *(_number(value) for value in row.labels.tolist()),
            ]
            for row in rows
        )  # fmt: skip

    def __enter__(self) -> RowFiles:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._table.close()
        self.parquet.close()
        self.csv.close()


def rows_table(rows: Sequence[DatasetRow]) -> pa.Table:
    """Rows as an arrow table with the columns of `SCHEMA`."""
    labels = np.stack([row.labels for row in rows])
    columns = [
        pa.array([getattr(row, name) for row in rows], SCHEMA.field(name).type)
        for name in SCHEMA.names[: -len(facs.SUPPORTED_AUS)]
    ]
    columns += [pa.array(labels[:, column], from_pandas=True) for column in range(labels.shape[1])]
    return pa.table(columns, schema=SCHEMA)


def _truth(value: bool | None) -> str:
    return "" if value is None else str(value)


def _number(value: float | None) -> str:
    """The shortest text that reads back as the same float32; empty for missing."""
    if value is None or math.isnan(value):
        return ""
    return str(int(value)) if value == int(value) else str(np.float32(value))
