"""How well intensities were read, as plain numbers for a file."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final, TypedDict

import numpy as np

from models.estimators.faces import FloatArray
from models.facs import Level
from models.metrics import icc31, mae, per_column, two_afc

THRESHOLDS: Final[tuple[Level, ...]] = ("A", "B", "C")
"""Levels from which an AU counts as present in 2AFC."""


class Scores(TypedDict):
    """By AU; None where a figure is not defined, as where an AU never occurs."""

    icc: dict[str, float | None]
    mae: dict[str, float | None]
    two_afc: dict[str, dict[str, float | None]]


def scored(labels: FloatArray, found: FloatArray, aus: Sequence[str]) -> Scores:
    """Scores of intensities `found` (N, A) against `labels` (N, A)."""
    return {
        "icc": _named(aus, per_column(icc31, labels, found)),
        "mae": _named(aus, per_column(mae, labels, found)),
        "two_afc": {
            letter: _named(aus, per_column(partial(two_afc, at_least=letter), labels, found))
            for letter in THRESHOLDS
        },
    }


def _named(aus: Sequence[str], values: Sequence[float]) -> dict[str, float | None]:
    return {
        au: None if np.isnan(value) else round(float(value), 5)
        for au, value in zip(aus, values, strict=True)
    }
