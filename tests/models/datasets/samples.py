"""Small datasets to write: real face pictures with labels that follow from their number."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from models import facs
from models.balancing.options import BalanceOptions
from models.balancing.plan import make_plan
from models.balancing.report import BalanceReport, balance_report
from models.datasets.description import DatasetDescription, SourceNote
from models.datasets.image_folder import image_name
from models.datasets.rows import DatasetRow
from models.images import encode_png
from tests.models.balancing.tables import skewed_table
from tests.models.corpora.builders import picture

DESCRIPTION = DatasetDescription(
    name="smiles",
    summary="Faces that smile a little more from picture to picture.",
    generator="rig",
    sources=(
        SourceNote("drawn people", "CC BY 4.0", "They are drawn."),
        SourceNote("a corpus", "for research only", "Signed forms are with its owner."),
    ),
    spec={"seed": 3, "aus": ["AU12"], "registration": "3d"},
    url="https://example.org/smiles",
    notes=("AU12 at E never occurs.",),
)


def labels_of(number: int) -> npt.NDArray[np.float32]:
    labels = np.zeros(len(facs.SUPPORTED_AUS), np.float32)
    labels[facs.SUPPORTED_AUS.index("AU01")] = np.nan
    labels[facs.SUPPORTED_AUS.index("AU12")] = (number % 6) * 0.7
    return labels


def row_of(number: int, total: int) -> DatasetRow:
    return DatasetRow(
        file_name=image_name(number, total),
        subject=f"person {number % 3}",
        source=f'frame "{number}", view 6',
        generator="rig",
        synthetic=bool(number % 4),
        split=("train", "test", None)[number % 3],
        seed=4_000_000_000 + number,
        au="AU12" if number % 2 else None,
        intensity=float(number % 6) if number % 2 else None,
        pitch=-20.0,
        yaw=40.0,
        neutral=None if number == 5 else number % 6 == 0,
        labels=labels_of(number),
    )


def images(total: int) -> Iterator[tuple[DatasetRow, bytes]]:
    for number in range(total):
        yield row_of(number, total), encode_png(picture(number % 10))


def report() -> BalanceReport:
    options = BalanceOptions(aus=("AU12", "AU15"), count=5)
    return balance_report(make_plan(skewed_table(1_000), options))
