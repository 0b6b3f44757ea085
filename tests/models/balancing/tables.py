"""Label tables to balance: drawn at random from a skewed distribution, or written by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from models import facs
from models.corpora.table import LabelTable, label_table


def column(au: str) -> int:
    return facs.SUPPORTED_AUS.index(au)


def table_of(rows: Sequence[tuple[str, Mapping[str, float]]], aus: Sequence[str]) -> LabelTable:
    """Frames by hand: subject and intensities; those of `aus` that are not named are 0."""
    intensity = np.full((len(rows), 18), np.nan, np.float32)
    intensity[:, [column(au) for au in aus]] = 0
    for row, (_, labels) in enumerate(rows):
        for au, value in labels.items():
            intensity[row, column(au)] = value
    return label_table(intensity, [subject for subject, _ in rows])


def skewed_table(frames: int = 6_000, subjects: int = 12, seed: int = 1) -> LabelTable:
    """AU06, AU12 and AU15 as in real corpora: mostly absent, high intensities rare, 6 with 12.

    Subjects have from few to many frames.
    """
    random = np.random.default_rng(seed)
    intensity = np.full((frames, 18), np.nan, np.float32)
    smile = random.choice(6, frames, p=[0.6, 0.15, 0.12, 0.08, 0.04, 0.01])
    together = random.random(frames) < 0.7
    intensity[:, column("AU12")] = smile
    intensity[:, column("AU06")] = np.where(together, smile, 0)
    intensity[:, column("AU15")] = random.choice(6, frames, p=[0.9, 0.05, 0.03, 0.02, 0.0, 0.0])
    owner = np.minimum(random.exponential(subjects / 3, frames).astype(int), subjects - 1)
    return label_table(intensity, [f"S{number:02d}" for number in owner])
