"""Semantic resampling: absent sources, real vectors, even subjects, no pair twice."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from models import facs
from models.balancing.options import BalanceError, BalanceOptions, EmptyPlanError
from models.balancing.plan import ItemArray, Method, Plan, make_plan
from models.balancing.targets import (
    drawable,
    neutral_images,
    source_labels,
    target_labels,
)
from models.corpora.splits import subject_disjoint
from models.corpora.table import SPLITS, label_table
from tests.models.balancing.tables import column, skewed_table, table_of

TABLE = skewed_table()


def cell_items(plan: Plan, au: str, level: int) -> ItemArray:
    items = plan.items()
    chosen: ItemArray = items[(items["au"] == column(au)) & (items["level"] == level)]
    return chosen


def subjects_of(plan: Plan, items: ItemArray) -> Counter[int]:
    return Counter(plan.pool.table.subject[items["source"]].tolist())


def test_every_cell_has_as_many_images_as_asked_for() -> None:
    plan = make_plan(TABLE, BalanceOptions(aus=("AU06", "AU12"), count=100))

    assert len(plan) == 2 * 6 * 100
    for au in ("AU06", "AU12"):
        for level in range(6):
            items = cell_items(plan, au, level)
            labels = target_labels(plan, items)
            assert len(items) == 100
            assert (facs.level_indices(labels[:, column(au)]) == level).all()
            assert (source_labels(plan, items)[:, column(au)] == 0).all()


def test_targets_are_vectors_that_occur_in_the_corpus() -> None:
    plan = make_plan(TABLE, BalanceOptions(aus=("AU12",), count=200))
    real = {row.tobytes() for row in np.nan_to_num(TABLE.intensity, nan=-1)}

    labels = target_labels(plan, plan.items())
    assert {row.tobytes() for row in np.nan_to_num(labels, nan=-1)} <= real
    # AU06 goes with AU12 in 70 % of frames; four standard errors of 200 draws are 13 %
    five = target_labels(plan, cell_items(plan, "AU12", 5))
    assert abs((five[:, column("AU06")] == 5).mean() - 0.7) < 0.13


def test_any_stretch_is_the_same_computed_alone() -> None:
    options = BalanceOptions(aus=("AU06", "AU12"), count=70, seed=3)
    plan = make_plan(TABLE, options)
    whole = plan.items()

    for start, stop in ((0, 1), (69, 71), (100, 500), (839, 840), (800, 10_000)):
        alone = make_plan(TABLE, options).items(start, stop)
        np.testing.assert_array_equal(alone, whole[start:stop])
    assert len(plan.items(840)) == 0


def test_the_seed_decides_and_nothing_else() -> None:
    first = make_plan(TABLE, BalanceOptions(aus=("AU12",), count=50, seed=1)).items()
    again = make_plan(TABLE, BalanceOptions(aus=("AU12",), count=50, seed=1)).items()
    other = make_plan(TABLE, BalanceOptions(aus=("AU12",), count=50, seed=2)).items()

    assert first.tobytes() == again.tobytes()
    assert (first["source"] != other["source"]).mean() > 0.5
    assert len(np.unique(first["seed"])) == len(first)


def test_a_cell_does_not_depend_on_the_other_cells_asked_for() -> None:
    both = make_plan(TABLE, BalanceOptions(aus=("AU06", "AU12"), count=40))
    one = make_plan(TABLE, BalanceOptions(aus=("AU12",), count=40, levels=(3,)))

    np.testing.assert_array_equal(cell_items(both, "AU12", 3), one.items())


def test_the_draw_itself_is_pinned() -> None:
    # the same spec must give the same dataset in a later release
    table = table_of(
        [("a", {}), ("a", {"AU12": 2}), ("b", {}), ("b", {"AU12": 2, "AU06": 1})], ("AU06", "AU12")
    )
    items = make_plan(table, BalanceOptions(aus=("AU12",), count=4, levels=(2,), seed=7)).items()

    assert items["source"].tolist() == [0, 0, 2, 2]
    assert items["donor"].tolist() == [1, 3, 1, 3]
    assert items["seed"].tolist() == [4098128560, 2462857168, 671238346, 3627594678]


def test_subjects_are_drawn_evenly_however_many_frames_they_have() -> None:
    frames = np.bincount(TABLE.subject)
    assert frames.max() > 10 * frames.min()

    plan = make_plan(TABLE, BalanceOptions(aus=("AU12",), count=600))
    for level in range(6):
        counts = subjects_of(plan, cell_items(plan, "AU12", level))
        assert len(counts) == 12
        assert max(counts.values()) - min(counts.values()) <= 1


def test_pairs_repeat_only_when_all_are_used_and_then_evenly() -> None:
    smiles = [("c", {"AU12": 3.0, "AU06": cheeks}) for cheeks in (0.0, 1.0, 2.0)]
    table = table_of([("a", {}), ("a", {}), ("b", {}), *smiles], ("AU06", "AU12"))

    def pairs(count: int) -> Counter[tuple[int, int]]:
        plan = make_plan(table, BalanceOptions(aus=("AU12",), count=count, levels=(3,)))
        items = plan.items()
        assert plan.cells[0].distinct == min(count, 9)
        return Counter(zip(items["source"].tolist(), items["donor"].tolist(), strict=True))

    assert set(pairs(9).values()) == {1}
    assert len(pairs(9)) == 9  # 3 sources x 3 vectors, though b alone could not give its half
    assert len(pairs(27)) == 9
    assert max(pairs(27).values()) <= 6


def test_equal_vectors_of_two_frames_count_as_one() -> None:
    rows = [("a", {}), ("b", {"AU12": 3}), ("b", {"AU12": 3}), ("b", {"AU12": 3, "AU06": 1})]
    plan = make_plan(
        table_of(rows, ("AU06", "AU12")), BalanceOptions(aus=("AU12",), count=2, levels=(3,))
    )

    labels = target_labels(plan, plan.items())
    assert sorted(labels[:, column("AU06")].tolist()) == [0, 1]
    assert plan.cells[0].vectors == 2
    assert plan.cells[0].donor_frames == 3


def test_neutral_sources_come_first() -> None:
    rows = [("a", {}), ("a", {"AU15": 3}), ("a", {"AU12": 2}), ("a", {"AU12": 2, "AU15": 1})]
    table = table_of(rows, ("AU12", "AU15"))

    def sources(count: int) -> list[int]:
        options = BalanceOptions(aus=("AU12",), count=count, levels=(2,))
        return sorted(make_plan(table, options).items()["source"].tolist())

    assert sources(2) == [0, 0]
    assert sources(3) == [0, 0, 1]


def test_vectors_weigh_every_donor_subject_alike() -> None:
    rows: list[tuple[str, dict[str, float]]] = [("s", {"AU15": 1}) for _ in range(400)]
    rows += [("a", {"AU12": 3, "AU06": 1}) for _ in range(99)]
    rows.append(("b", {"AU12": 3, "AU06": 4}))
    plan = make_plan(
        table_of(rows, ("AU06", "AU12", "AU15")),
        BalanceOptions(aus=("AU12",), count=400, levels=(3,)),
    )

    assert (target_labels(plan, plan.items())[:, column("AU06")] == 4).mean() == pytest.approx(0.5)


def test_poses_have_their_share_of_every_cell_and_subject() -> None:
    poses = tuple((float(pitch), float(yaw)) for pitch in (-40, -20, 0) for yaw in (-40, 0, 40))
    plan = make_plan(TABLE, BalanceOptions(aus=("AU12",), count=20, poses=poses, levels=(1, 4)))

    assert len(plan) == 2 * 20 * 9
    for level in (1, 4):
        items = cell_items(plan, "AU12", level)
        assert np.bincount(items["pose"]).tolist() == [20] * 9
        subjects = plan.pool.table.subject[items["source"]]
        for subject in np.unique(subjects):
            assert len(np.unique(items["pose"][subjects == subject])) == 9


def test_jitter_moves_intensities_within_their_level_and_keeps_absence() -> None:
    plain = make_plan(TABLE, BalanceOptions(aus=("AU12",), count=300))
    moved = make_plan(TABLE, BalanceOptions(aus=("AU12",), count=300, jitter=0.4))
    before = target_labels(plain, plain.items())
    after = target_labels(moved, moved.items())

    np.testing.assert_array_equal(facs.level_indices(after), facs.level_indices(before))
    np.testing.assert_array_equal(facs.presence(after), facs.presence(before))
    assert (after[before == 0] == 0).all()
    assert np.nanmax(np.abs(after - before)) <= 0.4 + 1e-6
    inner = (before >= 2) & (before <= 4)
    assert np.std((after - before)[inner]) == pytest.approx(0.4 / np.sqrt(3), rel=0.1)
    assert np.nanmax(after) <= 5


def test_a_subject_cap_holds_over_the_whole_set_and_is_reported() -> None:
    plan = make_plan(TABLE, BalanceOptions(aus=("AU12", "AU06"), count=500, subject_cap=240))

    assert max(subjects_of(plan, plan.items()).values()) == 240
    assert [cell.planned for cell in plan.cells] == [240] * 12  # 240/12 cells x 12 subjects
    assert "240 of 500, for the cap of images a subject" in plan.cells[0].note


def test_splits_keep_people_apart() -> None:
    table = TABLE.with_splits(subject_disjoint(TABLE.subjects, seed=1))
    seen: dict[str, set[int]] = {}
    for split in SPLITS:
        items = make_plan(table, BalanceOptions(aus=("AU12",), count=50, splits=(split,))).items()
        used = np.concatenate([items["source"], items["donor"]])
        seen[split] = set(table.subject[used].tolist())
        assert {SPLITS[number] for number in table.split[used]} == {split}
    assert not seen["train"] & seen["test"]
    assert not seen["train"] & seen["validation"]


def test_drawable_targets_are_sided_and_have_no_gaps() -> None:
    labels = np.full((1, 18), np.nan, np.float32)
    labels[0, 8] = 3

    targets = drawable(labels)
    assert targets.shape == (1, 18, 2)
    assert targets[0, 8].tolist() == [3, 3]
    assert targets.sum() == 6


def test_neutral_looks_at_every_known_au_whichever_were_asked_for() -> None:
    rows = [
        ("ann", {}),
        ("ann", {"AU26": 5.0}),
        ("ann", {"AU12": 3.0}),
        ("bob", {}),
        ("bob", {"AU26": 5.0}),
    ]
    table = table_of(rows, ("AU12", "AU26"))
    plan = make_plan(table, BalanceOptions(aus=("AU12",), count=12, levels=(0,)))
    items = plan.items()
    labels = target_labels(plan, items)
    neutral = neutral_images(plan, items, labels)

    dropped_jaw = labels[:, column("AU26")] == 5
    assert dropped_jaw.any()
    assert neutral.any()
    np.testing.assert_array_equal(neutral, ~dropped_jaw)


@pytest.mark.parametrize("method", ["semantic", "resampled"])
def test_presence_without_intensity_is_not_neutral(method: Method) -> None:
    # FERA 2017 codes AU07, AU15 and AU23 by presence alone
    intensity = np.full((4, 18), np.nan, np.float32)
    intensity[:, column("AU12")] = [0, 0, 3, 0]
    occurrence = np.full((4, 18), -1, np.int8)
    occurrence[:, column("AU15")] = [0, 1, 0, 1]
    table = label_table(intensity, ["ann", "ann", "ann", "bob"], occurrence)
    plan = make_plan(table, BalanceOptions(aus=("AU12",), count=6, levels=(0,)), method=method)
    items = plan.items()
    neutral = neutral_images(plan, items, target_labels(plan, items))

    assert set(items["source"].tolist()) >= {0, 1, 3}
    np.testing.assert_array_equal(neutral, items["source"] == 0)


def test_any_frame_without_the_au_is_drawn_on_where_that_is_asked_for() -> None:
    """As the paper resamples; neutral frames come first otherwise."""
    first, absent = (
        make_plan(TABLE, BalanceOptions(aus=("AU12",), count=300, levels=(4,), sources=sources))
        for sources in ("neutral-first", "absent")
    )
    shares = []
    for plan in (first, absent):
        sources = plan.items()["source"]
        assert (source_labels(plan, plan.items())[:, column("AU12")] == 0).all()
        assert len({tuple(pair) for pair in plan.items()[["source", "donor"]].tolist()}) == 300
        shares.append((len(np.unique(sources)), plan.pool.neutral[sources].mean()))
    assert shares[0][1] == 1
    without = (TABLE.occurrence[:, column("AU12")] == 0) & (TABLE.intensity[:, column("AU12")] == 0)
    natural = TABLE.neutral[without].mean()
    assert abs(shares[1][1] - natural) < 0.12  # four standard errors of 300
    assert shares[1][0] >= shares[0][0]


def test_labels_of_another_corpus_are_drawn_on_faces_of_this_one() -> None:
    """Nobody of the other is drawn on, and no vector of this one is drawn."""
    other = skewed_table(2_000, 5, seed=7)
    pairs = [(12, column("AU12"), 3.5), (9, column("AU06"), 1.25)]
    for row, place, value in pairs:
        other.intensity[row, place] = value  # which no frame of this corpus shows
    options = BalanceOptions(aus=("AU12",), count=400)
    plan = make_plan(TABLE, options, labels=other)
    items = plan.items()
    assert items["source"].max() < len(TABLE)
    assert (items["donor"] >= len(TABLE)).all()
    labels = target_labels(plan, items)
    np.testing.assert_array_equal(labels, other.intensity[items["donor"] - len(TABLE)])
    assert (source_labels(plan, items)[:, column("AU12")] == 0).all()
    assert set(subjects_of(plan, items)) <= set(range(len(TABLE.subjects)))
    assert len(plan.pool.table.subjects) == len(TABLE.subjects) + 5
    with pytest.raises(BalanceError, match="resampled"):
        make_plan(TABLE, options, labels=other, method="resampled")
    uncoded = table_of([("a", {"AU04": 2}), ("b", {})], ["AU04"])
    with pytest.raises(EmptyPlanError, match="no frame is known to be without AU04"):
        make_plan(TABLE, BalanceOptions(aus=("AU04",), count=5, levels=(2,)), labels=uncoded)
