"""Balance is counted, against values worked out by hand."""

from __future__ import annotations

import io
import json
import math

import matplotlib
import numpy as np
import pytest
from PIL import Image

from models.balancing.options import BalanceOptions
from models.balancing.plan import make_plan
from models.balancing.plots import co_occurrence_plot, counts_plot
from models.balancing.report import balance_report
from models.balancing.tally import LabelTally, imbalance_ratio, mean_imbalance_ratio
from tests.models.balancing.tables import column, skewed_table, table_of

TABLE = skewed_table()


def test_ratio_of_the_most_frequent_level_to_the_rarest() -> None:
    ratios = imbalance_ratio(
        np.array([[60, 20, 10, 5, 4, 3], [5] * 6, [9, 1, 0, 0, 0, 0], [0] * 6])
    )

    assert ratios[:3].tolist() == [20, 1, math.inf]
    assert math.isnan(ratios[3])


def test_mean_imbalance_ratio_by_charte() -> None:
    # IRLbl = 100/100, 100/50, 100/20; their mean is (1 + 2 + 5) / 3
    assert mean_imbalance_ratio(np.array([100, 50, 20, 0])) == pytest.approx(8 / 3)
    assert math.isnan(mean_imbalance_ratio(np.array([0, 0])))


def test_co_occurrence_counts_frames_where_both_are_coded() -> None:
    nan = math.nan
    smiles = [(3.0, 2.0), (1.0, 0.0), (2.0, 5.0), (0.0, 0.0), (4.0, nan)]
    rows = [("a", {"AU12": smile, "AU06": cheeks}) for smile, cheeks in smiles]
    tally = LabelTally()
    tally.add(table_of(rows, ("AU06", "AU12")).intensity)

    together = tally.co_occurrence
    assert together[column("AU12"), column("AU06")] == pytest.approx(2 / 3)
    assert together[column("AU06"), column("AU12")] == 1
    assert math.isnan(together[column("AU01"), column("AU12")])


def test_batches_add_up() -> None:
    whole, parts = LabelTally(), LabelTally()
    whole.add(TABLE.intensity)
    for start in range(0, len(TABLE), 700):
        parts.add(TABLE.intensity[start : start + 700])

    assert parts.frames == whole.frames == len(TABLE)
    np.testing.assert_array_equal(parts.level_counts, TABLE.level_counts())
    np.testing.assert_array_equal(parts.co_occurrence, whole.co_occurrence)


def test_semantic_resampling_balances_what_it_was_asked_to() -> None:
    report = balance_report(make_plan(TABLE, BalanceOptions(aus=("AU12",), count=200)))
    au = column("AU12")

    assert report.before.imbalance_ratio[au] > 20
    assert report.after.imbalance_ratio[au] == 1
    assert report.after.level_counts[au].tolist() == [200] * 6
    assert abs(report.after.co_occurrence[au, column("AU06")] - 0.7) < 0.1
    assert report.notes == ()


def test_the_report_is_json_without_infinities() -> None:
    report = balance_report(make_plan(TABLE, BalanceOptions(aus=("AU15",), count=20)))
    text = json.dumps(report.as_dict(), allow_nan=False)
    back = json.loads(text)

    assert back["before"]["imbalance_ratio"]["AU15"] is None
    assert back["cells"][5]["planned"] == 0
    assert len(report.notes) == 2
    assert sum(back["after"]["counts"]["AU15"].values()) == 80


def test_plots_are_pictures_that_change_no_state_and_repeat_byte_for_byte() -> None:
    settings, backend = dict(matplotlib.rcParams), matplotlib.get_backend(auto_select=False)
    report = balance_report(make_plan(TABLE, BalanceOptions(aus=("AU12", "AU06"), count=20)))
    for plot in (counts_plot, co_occurrence_plot):
        png = plot(report)
        picture = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))
        assert picture.shape[1] > 400
        assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 20
        assert plot(report) == png
        assert b"Software" not in png
    assert dict(matplotlib.rcParams) == settings
    assert matplotlib.get_backend(auto_select=False) == backend
