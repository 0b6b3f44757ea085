"""What a corpus cannot give is said, filled only on request, or refused with the arithmetic."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from models import facs
from models.balancing.options import (
    AuNotCodedError,
    BalanceError,
    BalanceOptions,
    EmptyPlanError,
    Quota,
    QuotaError,
)
from models.balancing.plan import make_plan
from models.balancing.targets import target_labels
from models.corpora.table import label_table
from tests.models.balancing.tables import column, skewed_table, table_of

TABLE = skewed_table()
OPTIONS = BalanceOptions(aus=("AU15",), count=30)


def test_an_intensity_that_never_occurs_is_left_out_and_said() -> None:
    plan = make_plan(TABLE, OPTIONS)

    assert [cell.planned for cell in plan.cells] == [30, 30, 30, 30, 0, 0]
    assert plan.cells[4].note == (
        "AU15 at D never occurs; fill=synthetic would scale vectors of another level."
    )
    assert len(plan) == 120


def test_filling_scales_vectors_of_the_nearest_level() -> None:
    rows = [("a", {}), ("a", {"AU12": 2, "AU06": 1}), ("b", {"AU12": 2, "AU06": 3})]
    plan = make_plan(
        table_of(rows, ("AU06", "AU12")),
        BalanceOptions(aus=("AU12",), count=2, fill="synthetic"),
    )
    items = plan.items()
    labels = target_labels(plan, items)

    assert [cell.planned for cell in plan.cells] == [2] * 6
    four = labels[items["level"] == 4]
    assert four[:, column("AU12")].tolist() == [4, 4]
    assert sorted(four[:, column("AU06")].tolist()) == [2, 5]  # twice 1, and twice 3 cut at 5
    one = labels[items["level"] == 1]
    assert sorted(one[:, column("AU06")].tolist()) == [0.5, 1.5]
    assert items["filled"][items["level"] == 4].all()
    assert not items["filled"][items["level"] == 2].any()
    assert plan.cells[4].filled_from == 2
    assert "AU12 at D never occurs; vectors with B were scaled." in plan.cells[4].note


def test_filling_takes_the_higher_of_two_levels_as_near() -> None:
    rows = [("a", {}), ("a", {"AU12": 1}), ("a", {"AU12": 3})]
    options = BalanceOptions(aus=("AU12",), count=1, fill="synthetic")

    assert make_plan(table_of(rows, ("AU12",)), options).cells[2].filled_from == 3


def test_filling_with_jitter_stays_in_the_level() -> None:
    plan = make_plan(TABLE, replace(OPTIONS, fill="synthetic", jitter=0.49))
    items = plan.items()
    levels = facs.level_indices(target_labels(plan, items)[:, column("AU15")])

    np.testing.assert_array_equal(levels, items["level"])


def test_an_au_that_is_never_absent_has_no_source() -> None:
    table = table_of([("a", {"AU12": 3}), ("a", {"AU12": 2})], ("AU12",))

    with pytest.raises(EmptyPlanError, match="no frame is known to be without AU12"):
        make_plan(table, BalanceOptions(aus=("AU12",), count=5))


def test_frames_with_presence_only_can_be_sources_but_not_targets() -> None:
    intensity = np.full((3, 18), np.nan, np.float32)
    occurrence = np.full((3, 18), -1, np.int8)
    intensity[0, 8] = 4
    occurrence[1, 8] = 0
    occurrence[2, 8] = 1
    table = label_table(intensity, ["a"] * 3, occurrence)
    plan = make_plan(table, BalanceOptions(aus=("AU12",), count=3))

    assert set(plan.items()["source"].tolist()) == {1}
    assert set(plan.items()["donor"].tolist()) == {0}


def test_an_au_the_corpus_does_not_code_is_refused_with_those_it_does() -> None:
    with pytest.raises(AuNotCodedError, match=r"no intensities of AU01; it has AU06, AU12, AU15"):
        make_plan(TABLE, replace(OPTIONS, aus=("AU12", "AU01")))


def test_the_paper_fits_and_a_billion_does_not() -> None:
    paper = BalanceOptions(aus=("AU01", "AU04", "AU06", "AU10", "AU12", "AU14", "AU17"))
    Quota().check(paper)
    assert len(paper.cells) * paper.per_cell == 210_000

    with pytest.raises(QuotaError) as caught:
        make_plan(TABLE, replace(OPTIONS, count=1_000_000_000))
    assert str(caught.value) == (
        "1 AUs x 6 intensities x 1,000,000,000 x 1 poses = 6,000,000,000 images of about 75 kB "
        "= 450,000.0 GB; one dataset may have 500,000 images."
    )
    assert caught.value.field == "count"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"count": 0}, "count"),
        ({"count": -5}, "count"),
        ({"aus": ()}, "aus"),
        ({"aus": ("AU27",)}, "aus"),
        ({"aus": ("AU12", "AU12")}, "aus"),
        ({"levels": (0, 6)}, "levels"),
        ({"levels": ()}, "levels"),
        ({"poses": ()}, "poses"),
        ({"jitter": 0.5}, "jitter"),
        ({"jitter": float("nan")}, "jitter"),
        ({"seed": -1}, "seed"),
        ({"subject_cap": 5}, "subject_cap"),
        ({"splits": ("dev",)}, "splits"),
    ],
)
def test_options_that_make_no_sense_name_themselves(change: dict[str, object], field: str) -> None:
    with pytest.raises(BalanceError) as caught:
        make_plan(TABLE, replace(OPTIONS, **change))  # type: ignore[arg-type]
    assert caught.value.field == field
