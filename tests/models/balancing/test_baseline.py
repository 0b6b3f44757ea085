"""The baseline: real frames of every AU and level, over- and under-sampled to one number."""

from __future__ import annotations

from collections import Counter

import numpy as np

from models.balancing.options import BalanceOptions
from models.balancing.plan import make_plan
from models.balancing.targets import target_labels
from tests.models.balancing.tables import column, skewed_table

TABLE = skewed_table()


def test_majorities_lose_frames_and_minorities_repeat_theirs() -> None:
    counts = TABLE.level_counts()[column("AU12")]
    plan = make_plan(TABLE, BalanceOptions(aus=("AU12",), count=300), method="resampled")
    items = plan.items()

    assert counts[0] > 300 > counts[5]
    np.testing.assert_array_equal(items["source"], items["donor"])
    for level in range(6):
        frames = Counter(items["source"][items["level"] == level].tolist())
        assert sum(frames.values()) == 300
        labels = target_labels(plan, items[items["level"] == level])
        assert (labels[:, column("AU12")] == level).all()
    rare = Counter(items["source"][items["level"] == 5].tolist())
    assert len(rare) == counts[5]  # every frame there is, before one comes twice
    common = Counter(items["source"][items["level"] == 0].tolist())
    assert set(common.values()) == {1}


def test_a_level_that_never_occurs_cannot_be_resampled() -> None:
    options = BalanceOptions(aus=("AU15",), count=10, fill="synthetic")
    plan = make_plan(TABLE, options, method="resampled")

    assert [cell.planned for cell in plan.cells] == [10, 10, 10, 10, 0, 0]
    assert plan.cells[5].note == "AU15 at E never occurs."
