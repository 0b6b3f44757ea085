"""Figures of the card by group of people."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

from scripts.train_compact.card_sections import groups_section, portraits_section
from scripts.train_compact.groups import by_group


def test_each_group_is_read_for_itself() -> None:
    """People 0 to 2 are read as they are, person 3 the wrong way round."""
    rng = np.random.default_rng(1)
    labels = rng.uniform(0, 5, (40, 18)).astype(np.float32)
    person = np.repeat(np.arange(4), 10)
    read = labels.copy()
    read[person == 3] = 5 - read[person == 3]
    groups = {"skin": {0: "light", 1: "light", 2: "light", 3: "dark"}, "age": {0: "young"}}
    found = by_group(labels, person, {"absolute": read}, groups)
    assert list(found) == ["skin: dark", "skin: light", "age: young"]
    assert found["skin: light"]["people"] == 3
    assert found["skin: light"]["absolute"] == pytest.approx(1.0)
    assert found["skin: light"]["absolute 95%"] == [1.0, 1.0]
    assert found["skin: dark"]["absolute"] < -0.9
    assert found["skin: dark"]["absolute 95%"] is None, "one person has no spread"
    both = {name: {**row, "one neutral frame": 0.5, "one neutral frame 95%": None}
            for name, row in found.items()}  # fmt: skip
    lines = groups_section(both).splitlines()
    assert "| skin: light | 3 | 1.000 (1.000-1.000) | 0.500 |" in lines


def test_what_blendshapes_do_not_see_is_said() -> None:
    from models.facs import SUPPORTED_AUS

    row = {"blendshapes": [0.5, 0.4, 0.6], "before, blendshapes": None, "before": [1, 1, 1],
           "cameras": [0.9, 0.8, 1.0]}  # fmt: skip
    means = {"blendshapes": 0.5, "before, blendshapes": 0.1, "before": 1.0, "cameras": 0.9}
    text = portraits_section({"portraits": 7, "by AU": dict.fromkeys(SUPPORTED_AUS, row), **means})
    assert text.count("| not seen | 0.50 (0.40 to 0.60) |") == 18
    assert "| mean | 0.10 | 0.50 | 1.00 | 0.90 |" in text
