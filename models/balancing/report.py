"""How balanced a planned set is, against the corpus it is drawn from."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np

from models import facs
from models.balancing.plan import Cell, Plan
from models.balancing.tally import LabelTally
from models.balancing.targets import target_labels

_BATCH: Final = 8_192


@dataclass(frozen=True, eq=False)
class BalanceReport:
    """Balance before and after.

    Attributes:
        before: labels of the corpus's frames whose labels were drawn.
        after: labels of the planned images, every AU of every image counted. An image drawn for
            AU12 has labels of all AUs, so these counts are not the cells'.
        cells: what was planned for each cell.
    """

    before: LabelTally
    after: LabelTally
    cells: tuple[Cell, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        """What fell short, repeats or was scaled."""
        return tuple(cell.note for cell in self.cells if cell.note)

    @property
    def aus(self) -> tuple[str, ...]:
        """The AUs that were balanced."""
        return tuple(dict.fromkeys(cell.au for cell in self.cells))

    def as_dict(self) -> dict[str, object]:
        """Everything, fit for JSON; what is infinite or undefined is None."""
        return {
            "before": _tally_dict(self.before),
            "after": _tally_dict(self.after),
            "cells": [asdict(cell) for cell in self.cells],
        }


def balance_report(plan: Plan) -> BalanceReport:
    """Count the labels of a plan and of the corpus behind it, in batches."""
    before, after = LabelTally(), LabelTally()
    before.add(plan.pool.table.intensity[plan.pool.donors])
    for begin, end in zip(plan.offsets, plan.offsets[1:], strict=False):
        items = plan.items(int(begin), int(end))
        for start in range(0, len(items), _BATCH):
            after.add(target_labels(plan, items[start : start + _BATCH]))
    return BalanceReport(before, after, plan.cells)


def _tally_dict(tally: LabelTally) -> dict[str, object]:
    counts, ratios, together = tally.level_counts, tally.imbalance_ratio, tally.co_occurrence
    coded = [column for column in range(len(counts)) if counts[column].any()]
    names = [facs.SUPPORTED_AUS[column] for column in coded]
    return {
        "frames": tally.frames,
        "counts": {
            name: dict(zip(facs.LEVELS, counts[column].tolist(), strict=True))
            for name, column in zip(names, coded, strict=True)
        },
        "imbalance_ratio": {
            name: _finite(ratios[column]) for name, column in zip(names, coded, strict=True)
        },
        "mean_imbalance_ratio": _finite(tally.mean_imbalance_ratio),
        "co_occurrence": {
            "aus": names,
            "values": [[_finite(value) for value in row] for row in together[np.ix_(coded, coded)]],
        },
    }


def _finite(value: float) -> float | None:
    return round(float(value), 6) if math.isfinite(value) else None
