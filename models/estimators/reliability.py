"""Does "probably" mean probably? Forecast probabilities against what came true.

DeGroot & Fienberg (1983); expected calibration error after Naeini et al. (2015).
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
Vector = npt.NDArray[np.float64]
BINS = 10


@dataclass(frozen=True, eq=False)
class Reliability:
    """Forecasts of "the intensity is above level k", over all AUs and k, in ten equal bins.

    Attributes:
        forecast, observed: (10,) mean forecast and share that came true; NaN in empty bins.
        count: (10,) forecasts in each bin.
        error: expected calibration error, 0 is perfect.
    """

    forecast: Vector
    observed: Vector
    count: npt.NDArray[np.int64]
    error: float


def reliability(probabilities: FloatArray, labels: FloatArray) -> Reliability:
    """How reliable class probabilities are.

    Args:
        probabilities: (N, A, 6) of the levels.
        labels: (N, A) true intensities 0..5; NaN is left out.

    Raises:
        ValueError: the shapes disagree, or no label is known.
    """
    if probabilities.shape[:2] != labels.shape or probabilities.shape[2:] != (6,):
        raise ValueError(f"probabilities {probabilities.shape} for labels {labels.shape}")
    known = ~np.isnan(labels)
    if not known.any():
        raise ValueError("no label is known")
    above = np.cumsum(probabilities[known][:, ::-1], axis=1)[:, ::-1][:, 1:]  # K, 5: above k
    truth = labels[known][:, None] > np.arange(5)
    forecast, came = above.ravel().astype(np.float64), truth.ravel()
    place = np.clip((forecast * BINS).astype(np.int64), 0, BINS - 1)
    count = np.bincount(place, minlength=BINS)
    with np.errstate(invalid="ignore"):
        mean = np.bincount(place, forecast, BINS) / count
        share = np.bincount(place, came, BINS) / count
    filled = count > 0
    error = float((np.abs(mean - share)[filled] * count[filled]).sum() / count.sum())
    return Reliability(mean, share, count, error)


def reliability_figure(curves: dict[str, Reliability]) -> bytes:
    """PNG of one or more reliability curves by name, over the diagonal of a perfect one."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.2, 4.0), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    for name, curve in curves.items():
        filled = curve.count > 0
        axes.plot(
            curve.forecast[filled],
            curve.observed[filled],
            marker="o",
            markersize=4,
            label=f"{name}: error {curve.error:.3f}",
        )
    axes.set(
        xlabel="forecast: P(intensity above level)", ylabel="came true", xlim=(0, 1), ylim=(0, 1)
    )
    axes.legend(loc="upper left", frameon=False)
    out = io.BytesIO()
    figure.savefig(out, format="png", metadata={"Software": None})
    return out.getvalue()
