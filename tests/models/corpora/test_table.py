"""Label tables: presence follows intensity, subsets and storage keep what they hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from models import facs
from models.corpora.table import LabelTable, label_table, read_table, write_table


def small_table() -> LabelTable:
    intensity = np.full((4, 18), np.nan, np.float32)
    intensity[:, 8] = [0, 0.9, 1, 5]  # AU12
    occurrence = np.full((4, 18), -1, np.int8)
    occurrence[:, 8] = 0
    occurrence[:, 0] = [0, 1, -1, 0]
    return label_table(
        intensity, ["b", "a", "b", "c"], occurrence, ["train", None, "train", "test"]
    )


def test_presence_follows_the_intensity_where_there_is_one() -> None:
    table = small_table()

    assert table.occurrence[:, 8].tolist() == [0, 1, 1, 1]  # .9 is nearest to A
    assert table.occurrence[:, 0].tolist() == [0, 1, -1, 0]
    for intensity, present in zip(table.intensity[:, 8], table.occurrence[:, 8], strict=True):
        assert facs.is_present(float(intensity)) == bool(present)


def test_neutral_frames_show_nothing_at_all() -> None:
    assert small_table().neutral.tolist() == [True, False, False, False]


def test_levels_of_arrays_are_the_levels_of_numbers() -> None:
    values = np.array([0, 0.4, 0.5, 1.49, 2.5, 4.4, 4.5, 5, np.nan], np.float32)

    levels = facs.level_indices(values)
    assert levels[-1] == -1
    assert [facs.LEVELS[level] for level in levels[:-1]] == [
        facs.level(float(value)) for value in values[:-1]
    ]


def test_level_counts() -> None:
    assert small_table().level_counts()[8].tolist() == [1, 2, 0, 0, 0, 1]


def test_subsets_keep_subjects_and_splits() -> None:
    part = small_table().take(np.array([3, 0]))

    assert [part.subjects[subject] for subject in part.subject] == ["c", "b"]
    assert part.split.tolist() == [2, 0]
    assert part.with_splits({"c": "train"}).split.tolist() == [0, -1]


def test_storage_round_trip(tmp_path: Path) -> None:
    table = small_table()
    write_table(table, tmp_path / "labels.parquet")
    back = read_table(tmp_path / "labels.parquet")

    np.testing.assert_array_equal(back.intensity, table.intensity)
    np.testing.assert_array_equal(back.occurrence, table.occurrence)
    np.testing.assert_array_equal(back.subject, table.subject)
    np.testing.assert_array_equal(back.split, table.split)
    assert back.subjects == table.subjects


def test_shapes_and_ranges_are_checked() -> None:
    with pytest.raises(ValueError, match=r"\(N, 18\), got \(2, 17\)"):
        label_table(np.zeros((2, 17), np.float32), ["a", "b"])
    with pytest.raises(ValueError, match="1 subjects for 2 frames"):
        label_table(np.zeros((2, 18), np.float32), ["a"])
    with pytest.raises(ValueError, match="0 to 5"):
        label_table(np.full((1, 18), 5.5, np.float32), ["a"])
