"""Plots of a balance report as PNG files.

Figures are drawn through matplotlib's objects, never through pyplot, so no state of the process
changes and workers may plot side by side.
"""

from __future__ import annotations

import io

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from models import facs
from models.balancing.report import BalanceReport
from models.balancing.tally import LabelTally


def counts_plot(report: BalanceReport) -> bytes:
    """Images per AU and intensity, before and after, as the bytes of a PNG file."""
    shown = _coded(report)
    counts = [tally.level_counts[shown] for tally in (report.before, report.after)]
    norm = LogNorm(vmin=1, vmax=max(2, *(int(count.max()) for count in counts)))
    figure = Figure(figsize=(10, 1.6 + 0.32 * len(shown)), layout="constrained")
    for number, (count, title) in enumerate(zip(counts, _titles(report), strict=True)):
        axes = figure.add_subplot(1, 2, number + 1)
        axes.imshow(np.maximum(count, 1), norm=norm, cmap="YlGnBu", aspect="auto")
        axes.set_title(title, fontsize=10)
        axes.set_xlabel("intensity")
        _ticks(axes, shown, facs.LEVELS)
        for (row, column), value in np.ndenumerate(count):
            dark = float(norm(max(int(value), 1))) > 0.55
            _number(axes, row, column, f"{value:,}", dark=dark)
    return _png(figure)


def co_occurrence_plot(report: BalanceReport) -> bytes:
    """How often AU j is present when AU i is, before and after, as the bytes of a PNG file."""
    shown = _coded(report)
    names = tuple(facs.SUPPORTED_AUS[column] for column in shown)
    side = max(3.6, 1.6 + 0.36 * len(shown))
    figure = Figure(figsize=(2 * side + 1.2, side + 0.4), layout="constrained")
    tallies: tuple[LabelTally, LabelTally] = (report.before, report.after)
    for number, (tally, title) in enumerate(zip(tallies, _titles(report), strict=True)):
        axes = figure.add_subplot(1, 2, number + 1)
        together = tally.co_occurrence[np.ix_(shown, shown)]
        axes.imshow(together, vmin=0, vmax=1, cmap="YlGnBu")
        axes.set_title(title, fontsize=10)
        axes.set_xlabel("part that shows this AU too")
        axes.set_ylabel("of the images with this AU")
        _ticks(axes, shown, names, rotation=90)
        for (row, column), value in np.ndenumerate(together):
            if np.isfinite(value):
                _number(axes, row, column, f"{value:.0%}", dark=bool(value > 0.55))
    return _png(figure)


def _coded(report: BalanceReport) -> npt.NDArray[np.intp]:
    return np.flatnonzero(report.before.level_counts.any(axis=1))


def _titles(report: BalanceReport) -> tuple[str, str]:
    return (
        f"before: {report.before.frames:,} frames of the corpus",
        f"after: {report.after.frames:,} images",
    )


def _number(axes: Axes, row: int, column: int, text: str, *, dark: bool) -> None:
    color = "white" if dark else "black"
    axes.text(column, row, text, ha="center", va="center", fontsize=7, color=color)


def _ticks(
    axes: Axes, rows: npt.NDArray[np.intp], columns: tuple[str, ...], rotation: int = 0
) -> None:
    axes.set_yticks(range(len(rows)), [facs.SUPPORTED_AUS[row] for row in rows], fontsize=8)
    axes.set_xticks(range(len(columns)), columns, fontsize=8, rotation=rotation)


def _png(figure: Figure) -> bytes:
    buffer = io.BytesIO()
    # matplotlib writes its version into the file; without it, the same figure is the same bytes
    FigureCanvasAgg(figure)
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()
