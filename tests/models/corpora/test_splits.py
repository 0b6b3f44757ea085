"""No subject is ever in two splits, and the official partitions are the published ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.corpora.splits import (
    BP4D_TRAIN,
    BP4D_VALIDATION,
    bp4d_split,
    shared_subjects,
    subject_disjoint,
)
from models.corpora.table import label_table

NAMES = [f"S{number:02d}" for number in range(20)]


def sizes(splits: dict[str, str]) -> list[int]:
    return [list(splits.values()).count(name) for name in ("train", "validation", "test")]


def test_every_subject_is_in_one_split_in_the_asked_sizes() -> None:
    splits = subject_disjoint(NAMES * 3)

    assert sorted(splits) == NAMES
    assert sizes(dict(splits)) == [14, 3, 3]


def test_the_same_seed_gives_the_same_split_in_any_order() -> None:
    assert subject_disjoint(NAMES, seed=4) == subject_disjoint(NAMES[::-1], seed=4)
    assert subject_disjoint(NAMES, seed=4) != subject_disjoint(NAMES, seed=5)


def test_the_assignment_itself_is_pinned() -> None:
    # changing it would silently move people between training and test data
    assert subject_disjoint(["a", "b", "c", "d"], (0.5, 0.25, 0.25), seed=0) == {
        "c": "train", "d": "train", "a": "validation", "b": "test",
    }  # fmt: skip


@given(
    count=st.integers(3, 60),
    parts=st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9)).filter(any),
)
def test_any_fractions_partition_the_subjects(count: int, parts: tuple[int, int, int]) -> None:
    fractions = tuple(part / sum(parts) for part in parts)
    splits = subject_disjoint([str(name) for name in range(count)], fractions)  # type: ignore[arg-type]

    found = sizes(dict(splits))
    assert sum(found) == count
    for size, fraction in zip(found, fractions, strict=True):
        assert (size > 0) == (fraction > 0)
        assert abs(size - fraction * count) < 2.5


def test_too_few_subjects_or_wrong_fractions_are_refused() -> None:
    with pytest.raises(ValueError, match="2 subjects cannot fill 3 splits"):
        subject_disjoint(["a", "b"])
    with pytest.raises(ValueError, match="sum to 1"):
        subject_disjoint(NAMES, (0.5, 0.5, 0.5))


def test_shared_subjects_finds_a_leak() -> None:
    labels = np.zeros((3, 18), np.float32)
    leaky = label_table(labels, ["a", "a", "b"], splits=["train", "test", "train"])
    tight = label_table(labels, ["a", "a", "b"], splits=["train", "train", "test"])

    assert shared_subjects(leaky) == ("a",)
    assert shared_subjects(tight) == ()
    assert shared_subjects(leaky.with_splits(subject_disjoint("ab", (0.5, 0.5, 0.0)))) == ()


def test_bp4d_partition_has_its_published_sizes() -> None:
    assert (len(BP4D_TRAIN), len(BP4D_VALIDATION)) == (21, 20)
    assert not BP4D_TRAIN & BP4D_VALIDATION
    assert bp4d_split("F001") == "train"
    assert bp4d_split("M018") == "validation"
    assert bp4d_split("F099") is None
