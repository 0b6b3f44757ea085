"""Which frames an evaluation is on."""

from __future__ import annotations

import numpy as np
import pytest

from models.corpora.splits import subject_disjoint
from models.corpora.table import LabelTable, Split, label_table
from models.evaluation.held_out import OWN_SPLIT, NoFramesError, chosen_frames

PEOPLE = [f"P{number}" for number in range(10)]


def _table(splits: list[Split | None] | None = None) -> LabelTable:
    count = len(splits or PEOPLE)
    return label_table(np.zeros((count, 18), np.float32), PEOPLE[:count], splits=splits)


def test_all_frames_without_a_split() -> None:
    frames, notes = chosen_frames(_table(), None)
    assert frames.tolist() == list(range(10))
    assert not notes


def test_the_corpuss_own_split() -> None:
    splits: list[Split | None] = ["train", "train", "train", "test", "test", None]
    frames, notes = chosen_frames(_table(splits), "test")
    assert frames.tolist() == [3, 4]
    assert not notes
    with pytest.raises(NoFramesError, match="'validation'; it has train, test"):
        chosen_frames(_table(splits), "validation")


def test_without_splits_those_of_datasets() -> None:
    """Else people that a dataset's split `train` was drawn from could be in `test` here."""
    frames, notes = chosen_frames(_table(), "test")
    theirs = subject_disjoint(PEOPLE)
    assert [PEOPLE[index] for index in frames] == [
        name for name in PEOPLE if theirs[name] == "test"
    ]
    assert notes == (OWN_SPLIT,)


def test_too_few_people_for_splits() -> None:
    table = label_table(np.zeros((2, 18), np.float32), ["P0", "P1"])
    with pytest.raises(NoFramesError, match="2 subjects cannot fill"):
        chosen_frames(table, "test")
