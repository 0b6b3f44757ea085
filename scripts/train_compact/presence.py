"""What to call present: rules compared on drawings of people who did not train `compact`.

Run as ``python -m scripts.train_compact.presence --data DATA``; prints a table for the people it
was chosen by (validation) and one for those held out (test), without and with one neutral frame.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from models.corpora.table import Split
from models.estimators.augment import Augment
from models.estimators.estimates import median_intensities
from models.estimators.estimator import Estimator, load_estimator
from models.facs import LEVELS, bilateral, level_indices
from models.generators.expressions import balanced_targets
from models.generators.rig import RigGenerator
from models.metrics import icc31, mae, mean_defined, per_column
from models.registration.registrar import RegistrationError, load_registrar
from scripts.fit_rig.photos import read_face
from scripts.train_compact.measure import OTHER_CAMERA
from scripts.train_compact.people import split_people

FloatArray = npt.NDArray[np.float32]
_SEEDS: Final[dict[Split, int]] = {"validation": 41, "test": 42}
_EACH: Final = 60
"""Drawings of a person."""
_AGAIN: Final = 0.28
"""Share of drawings that go through registration again, as in training."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with london/ and canada/")
    args = parser.parse_args()
    torch.set_num_threads(1)
    estimator = load_estimator("compact")
    for split in _SEEDS:
        labels, absolute, comparing = read_drawings(args.data, split, estimator)
        for head, probabilities in (("absolute", absolute), ("one neutral frame", comparing)):
            print(f"\n{split}, {head}: {len(labels)} drawings\n")
            for line in compared(probabilities, labels):
                print(line)


def read_drawings(
    data: Path, split: Split, estimator: Estimator
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Labels (N, 18) of drawings, and probabilities (N, 18, 6) read without and with a neutral."""
    rng = np.random.default_rng(_SEEDS[split])
    registrar, rig, camera = load_registrar(), RigGenerator(), Augment(OTHER_CAMERA)
    labels, absolute, comparing = [], [], []
    for person in split_people(data):
        if person.split != split:
            continue
        face = read_face(registrar, person.neutral)
        targets = balanced_targets(_EACH, rng)
        drawn = rig.generate([face] * _EACH, targets)
        for place in np.flatnonzero(rng.random(_EACH) < _AGAIN):
            try:
                drawn[place] = registrar.register(drawn[place]).image
            except RegistrationError:
                continue
        seen = camera(face.image[None], rng).permute(0, 2, 3, 1).numpy()
        neutral = ((seen[0] + 1) * 127.5).round().astype(np.uint8)
        labels.append(bilateral(targets))
        absolute.append(estimator.estimate(drawn).probabilities)
        comparing.append(estimator.estimate(drawn, neutral).probabilities)
    return np.concatenate(labels), np.concatenate(absolute), np.concatenate(comparing)


def compared(probabilities: FloatArray, labels: FloatArray) -> Iterator[str]:
    """Rows of a Markdown table: each rule with its intensity, level and presence."""
    mean = np.asarray(probabilities @ np.arange(len(LEVELS), dtype=np.float32), np.float32)
    median = median_intensities(probabilities)
    rules = {
        "mean, present from 1": (mean, mean >= 1),
        "mean, present from A": (mean, level_indices(mean) > 0),
        "median, present from A": (median, level_indices(median) > 0),
    }
    yield "| | F1 | absent, read as present | present, missed | right level | ICC(3,1) | MAE |"
    yield "|---|---|---|---|---|---|---|"
    true = level_indices(labels)
    for name, (read, present) in rules.items():
        both = (present & (true > 0)).sum(axis=0)
        scores = 2 * both / (present.sum(axis=0) + (true > 0).sum(axis=0))
        icc = mean_defined(per_column(icc31, labels, read)).value
        error = mean_defined(per_column(mae, labels, read)).value
        yield (
            f"| {name} | {scores.mean():.3f} | {present[true == 0].mean():.1%} | "
            f"{(~present)[true > 0].mean():.1%} | {(level_indices(read) == true).mean():.3f} | "
            f"{icc:.3f} | {error:.3f} |"
        )


if __name__ == "__main__":
    main()
