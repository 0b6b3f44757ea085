"""What a run of training leaves to look at: a table of losses, their curves, sheets of samples."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from models.contact_sheet import contact_sheet
from models.estimators.training import Record
from models.images import encode_png

ImageArray = npt.NDArray[np.uint8]

LOG = "log.csv"
CURVES = "losses.png"
SAMPLES = "samples"
_POINTS = 2_000
"""Of a curve, about: more are not to be seen."""


class RunFiles:
    """Files below a run's folder: ``log.csv``, ``losses.png`` and ``samples/00001000.png``."""

    def __init__(self, folder: Path, step: int) -> None:
        """Go on at `step`: what a killed run wrote after it is taken back."""
        self._folder = folder
        (folder / SAMPLES).mkdir(parents=True, exist_ok=True)
        kept = [row for row in self.rows() if int(row["step"]) <= step]
        self._columns = list(kept[0]) if kept else []
        text = io.StringIO()
        if kept:
            writer = csv.DictWriter(text, self._columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(kept)
        _write(folder / LOG, text.getvalue().encode())
        for sheet in (folder / SAMPLES).glob("*.png"):
            if sheet.stem.isdigit() and int(sheet.stem) > step:
                sheet.unlink()

    def rows(self) -> list[dict[str, str]]:
        """The table so far; a last line that is not whole is left out."""
        path = self._folder / LOG
        if not path.exists():
            return []
        with path.open(newline="") as file:
            return [row for row in csv.DictReader(file) if None not in row.values()]

    def add(self, record: Record) -> None:
        """Append a row: step, rate and losses."""
        row: Mapping[str, float] = {"step": record.step, "rate": record.rate, **record.losses}
        with (self._folder / LOG).open("a", newline="") as file:
            writer = csv.DictWriter(file, list(row), lineterminator="\n")
            if not self._columns:
                self._columns = list(row)
                writer.writeheader()
            writer.writerow({name: f"{value:.6g}" for name, value in row.items()})

    def show(self, step: int, rows: Sequence[Sequence[ImageArray]], columns: Sequence[str]) -> None:
        """Write a sheet of samples, and the curves anew."""
        labels = [str(number + 1) for number in range(len(rows))]
        sheet = contact_sheet(rows, labels, columns, cell=rows[0][0].shape[0])
        _write(self._folder / SAMPLES / f"{step:08d}.png", encode_png(sheet))
        _write(self._folder / CURVES, self._curves())

    def _curves(self) -> bytes:
        """Each loss over the steps, as the bytes of a PNG file."""
        rows = self.rows()
        rows = rows[:: max(1, len(rows) // _POINTS)]
        steps = [int(row["step"]) for row in rows]
        names = [name for name in self._columns if name not in ("step", "rate")]
        figure = Figure(figsize=(9, 2.2 * max(1, -(-len(names) // 2))), layout="constrained")
        for number, name in enumerate(names):
            axes = figure.add_subplot(-(-len(names) // 2), 2, number + 1)
            axes.plot(steps, [float(row[name]) for row in rows], linewidth=0.8)
            axes.set_title(name, fontsize=9)
            axes.tick_params(labelsize=7)
        FigureCanvasAgg(figure)
        out = io.BytesIO()
        figure.savefig(out, format="png", metadata={"Software": None})
        return out.getvalue()


def _write(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.part")
    temporary.write_bytes(content)
    os.replace(temporary, path)
