"""All that an evaluation says, from labels and readings to plain values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from models.corpora.table import LabelTable
from models.evaluation.collected import Collected
from models.evaluation.evaluate import RESAMPLES, compare, evaluate
from models.evaluation.groups import Groups


def outcome(
    table: LabelTable,
    collected: Collected,
    groups: Groups | None,
    *,
    notes: Sequence[str] = (),
    count: int = RESAMPLES,
    seed: int = 0,
) -> dict[str, Any]:
    """The figures of one estimator, and of two the differences as well, ready for JSON.

    Args:
        table: labels of the whole corpus; `collected` says which frames were read.
        collected: of one estimator, or of two.
        groups: of people; skin is added as it was measured.
        notes: to be said before those of the figures.
        count, seed: of the draws of people.

    Raises:
        ValueError: see `evaluate`.
    """
    read = table.take(collected.frame)
    known = (groups or Groups({})).with_skin(collected.skin(read.subject, read.subjects))
    found = evaluate(read, collected.readings[0], known, count=count, seed=seed).as_json()
    found["notes"] = [*notes, *found["notes"]]
    found["resamples"], found["seed"] = count, seed
    if len(collected.readings) == 2:
        first, second = collected.readings
        apart = compare(read, first, second, count=count, seed=seed)
        found["difference"] = {
            au: {name: figure.as_json() for name, figure in figures.items()}
            for au, figures in apart.items()
        }
    return found
