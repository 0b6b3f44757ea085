"""Generic estimators against those made personal from one neutral frame (paper, Figures 6, 7)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from benchmarks.simulated.database import Database
from benchmarks.simulated.reading import compact, read_by_features
from benchmarks.simulated.scores import Scores, scored
from models.estimators.estimator import Estimator
from models.estimators.faces import FloatArray
from models.generators.rig import RigGenerator
from models.personalisation.personalise import personalise
from models.personalisation.recipes import Recipe

WAYS: Final = ("generic", "one frame", "fine-tuned", "both")


def personal_scores(
    base: Estimator,
    database: Database,
    people: Sequence[str],
    aus: Sequence[str],
    fine_tuning: Recipe,
) -> dict[str, Scores]:
    """Scores of each way over all frames of `people`, each read by their own estimator.

    Args:
        base: generic, of neither these people nor, maybe, this database.
        aus: of the base's, to score.
        fine_tuning: on drawings of one person.
    """
    columns = [base.aus.index(au) for au in aus]
    kind = base.config.registration
    rig, images = RigGenerator(), database.crops(kind)
    found: dict[str, list[FloatArray]] = {way: [] for way in WAYS}
    labels = []
    for name in people:
        rows = database.frames([name])
        labels.append(database.targets(rows, aus))
        neutral = database.face(database.neutral_frame(name), kind)
        tuned = personalise(base, neutral, rig, "fine-tune", fine_tuning)
        estimators = {
            "generic": base,
            "one frame": personalise(base, neutral, rig, "one-frame"),
            "fine-tuned": tuned,
            "both": tuned.calibrated(neutral),
        }
        for way, estimator in estimators.items():
            read = read_by_features(compact(estimator.network), images[rows], estimator.reference)
            found[way].append(read[:, columns])
    truth = np.concatenate(labels)
    return {way: scored(truth, np.concatenate(parts), aus) for way, parts in found.items()}
