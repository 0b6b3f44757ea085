"""Plots: what was filmed, and what personal estimators gain."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from benchmarks.simulated.comparison import Results
from benchmarks.simulated.database import Database
from benchmarks.simulated.personal import WAYS
from benchmarks.simulated.report import mean_over_aus, mean_two_afc
from benchmarks.simulated.scores import THRESHOLDS
from models.registration.face import ImageArray

_TILE = 128
_COLOURS = ("0.65", "tab:blue", "tab:orange", "tab:green")


def save_figures(results: Results, folder: Path) -> None:
    """Write ``simulated_frames.jpg``, ``simulated_personal.png`` and ``simulated_2afc.png``."""
    sheet = np.concatenate([_frames(database) for database in results.databases])
    cv2.imwrite(
        str(folder / "simulated_frames.jpg"), sheet[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88]
    )
    _personal(results, folder / "simulated_personal.png")
    _two_afc(results, folder / "simulated_2afc.png")


def _frames(database: Database) -> ImageArray:
    """Four people's neutral frame and their most expressive one: photographed, 3D and 2D."""
    active = np.nan_to_num(database.labels).sum(axis=1)
    rows: list[int] = []
    for name in database.names[:4]:
        mine = database.frames([name])
        rows += [database.neutral_frame(name), int(mine[active[mine].argmax()])]
    faces = [(database.face(row, "3d"), database.face(row, "2d")) for row in rows]
    photos = [_tile(solid.photo) for solid, _ in faces]
    solid, flat = ([_tile(pair[place].image) for pair in faces] for place in (0, 1))
    return np.concatenate([np.concatenate(row, axis=1) for row in (photos, solid, flat)])


def _tile(image: ImageArray) -> ImageArray:
    side = min(image.shape[:2])
    top, left = ((length - side) // 2 for length in image.shape[:2])
    square = image[top : top + side, left : left + side]
    return np.asarray(cv2.resize(square, (_TILE, _TILE), interpolation=cv2.INTER_AREA), np.uint8)


def _personal(results: Results, path: Path) -> None:
    figure = _figure(6.0, 2.8)
    left, right = figure.subplots(1, 2)
    for axes, kind, title in ((left, "icc", "ICC(3,1)"), (right, "mae", "MAE")):
        for place, way in enumerate(WAYS):
            values = np.array(
                [
                    [mean_over_aus(one[database][way], kind) for one in results.personal]  # type: ignore[arg-type]
                    for database in ("A", "B")
                ]
            )
            at = np.arange(2) + (place - 1.5) * 0.2
            axes.bar(at, values.mean(axis=1), 0.18, color=_COLOURS[place], label=way)
            axes.plot(np.repeat(at, values.shape[1]), values.ravel(), "k.", markersize=3)
        axes.set_xticks([0, 1], ["A", "B"])
        axes.set_title(title, fontsize=10)
    figure.legend(*left.get_legend_handles_labels(), loc="outside lower center", ncols=4,
                  frameon=False, fontsize=9)  # fmt: skip
    figure.savefig(path, metadata={"Software": None})


def _two_afc(results: Results, path: Path) -> None:
    figure = _figure(6.0, 2.8)
    for axes, database in zip(figure.subplots(1, 2, sharey=True), ("A", "B"), strict=True):
        for place, way in enumerate(WAYS):
            values = np.array(
                [
                    [mean_two_afc(one[database][way], letter) for one in results.personal]
                    for letter in THRESHOLDS
                ]
            )
            axes.plot(list(THRESHOLDS), values.mean(axis=1), "o-", color=_COLOURS[place], label=way)
        axes.set_title(f"2AFC on {database}", fontsize=10)
        axes.set_xlabel("present from")
    axes.legend(frameon=False, fontsize=8)
    figure.savefig(path, metadata={"Software": None})


def _figure(width: float, height: float) -> Figure:
    figure = Figure(figsize=(width, height), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    return figure
