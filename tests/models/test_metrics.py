"""Metrics against an independent implementation, by hand, and where they are undefined."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.metrics import (
    FloatArray,
    Vector,
    confusion,
    f1,
    frechet_distance,
    icc31,
    mae,
    mean_defined,
    per_column,
    ranks,
    spearman,
    two_afc,
)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def _ratings(seed: int, count: int = 40) -> tuple[Vector, Vector]:
    rng = np.random.default_rng(seed)
    true = rng.integers(0, 6, count).astype(np.float64)
    return true, np.clip(true * 0.6 + rng.normal(0.5, 1, count), 0, 5)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_icc_is_pingouins_icc3(seed: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of its own imports
        import pandas
        import pingouin

        true, read = _ratings(seed)
        table = pandas.DataFrame(
            {
                "face": np.tile(np.arange(len(true)), 2),
                "rater": np.repeat(["true", "read"], len(true)),
                "value": np.concatenate([true, read]),
            }
        )
        rows = pingouin.intraclass_corr(table, "face", "rater", "value").set_index("Type")
    names = [name for name in rows.index if name in ("ICC3", "ICC(C,1)")]
    assert len(names) == 1
    assert icc31(true, read) == pytest.approx(float(rows.loc[names[0], "ICC"]), abs=1e-9)


def test_icc_by_hand() -> None:
    # means 1.5, 2.5, 5: MSB = 2 * (2.25 + .25 + 4) / 2 = 6.5 about the grand mean 3; what is left
    # after rows and raters (-.5, .5) are taken out: 0, 0, 0 -> MSE 0 -> 1; then one entry moved
    assert icc31(np.array([1.0, 2, 4.5]), np.array([2.0, 3, 5.5])) == pytest.approx(1)
    # ratings (0,0), (1,1), (2,0): row means 0, 1, 1, grand 2/3, MSB = 2 * (4/9+1/9+1/9) / 2 = 2/3;
    # rater means 1, 1/3; residuals -1/3, 1/3 | -1/3, 1/3 | 2/3, -2/3 -> MSE = (12/9) / 2 = 2/3
    assert icc31(np.array([0.0, 1, 2]), np.array([0.0, 1, 0])) == pytest.approx(0)


def test_icc_is_of_consistency_not_agreement() -> None:
    true, read = _ratings(3)
    assert icc31(true, read + 2) == pytest.approx(icc31(true, read))
    assert icc31(true, true * 0.5) < 0.9


def test_icc_of_constants_is_not_a_number() -> None:
    assert math.isnan(icc31(np.zeros(5), np.zeros(5)))
    assert math.isnan(icc31(np.full(5, 3.3), np.full(5, 1.1)))
    assert math.isnan(icc31(np.array([1.0]), np.array([1.0])))
    assert icc31(np.array([0.0, 1, 2]), np.full(3, 1.0)) == pytest.approx(0)


@given(st.lists(st.tuples(st.integers(0, 5), st.floats(0, 5)), min_size=2, max_size=30))
def test_icc_is_symmetric_and_bounded(pairs: list[tuple[int, float]]) -> None:
    true = np.array([float(pair[0]) for pair in pairs])
    read = np.array([pair[1] for pair in pairs])
    value = icc31(true, read)
    if not math.isnan(value):
        assert -1 - 1e-9 <= value <= 1 + 1e-9
        assert icc31(read, true) == pytest.approx(value, abs=1e-9)


def test_mae() -> None:
    assert mae(np.array([0.0, 5]), np.array([1.0, 3])) == pytest.approx(1.5)
    assert math.isnan(mae(np.zeros(0), np.zeros(0)))


def test_two_afc_counts_pairs() -> None:
    true = np.array([0.0, 0, 1, 5])
    read = np.array([0.5, 2, 2, 3])
    # (2 beats .5, ties 2) and (3 beats both): 3.5 of 4 pairs
    assert two_afc(true, read) == pytest.approx(3.5 / 4)
    # from C on, only the last counts as present: it beats all three
    assert two_afc(true, read, at_least="C") == pytest.approx(1)
    assert math.isnan(two_afc(np.zeros(3), read[:3]))


def test_f1_takes_presence_from_intensity() -> None:
    true = np.array([0.0, 1, 2, 0])
    read = np.array([0.4, 1, 0.4, 4])
    assert f1(true, read) == pytest.approx(0.5)  # one hit, one miss, one false alarm
    # readers whose levels are all right miss nothing
    assert f1(np.array([0.0, 1, 1]), np.array([0.4, 0.6, 0.5])) == 1
    assert math.isnan(f1(np.zeros(3), np.full(3, 0.4)))


def test_confusion_has_true_levels_in_rows() -> None:
    counts = confusion(np.array([0.0, 2, 5]), np.array([0.4, 2.5, 4.6]))
    assert counts.shape == (6, 6)
    assert counts[0, 0] == counts[2, 3] == counts[5, 5] == 1
    assert counts.sum() == 3


def test_columns_leave_out_what_is_not_coded() -> None:
    true = np.array([[0, np.nan], [4, np.nan], [2, np.nan]], np.float32)
    read = np.array([[1, 1], [4, 2], [2, 3]], np.float32)
    values = per_column(mae, true, read)
    assert values[0] == pytest.approx(1 / 3)
    mean = mean_defined(values)
    assert (mean.defined, mean.undefined) == (1, 1)
    assert mean.value == pytest.approx(1 / 3)


def test_vectors_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="one length"):
        mae(np.zeros(3), np.zeros(4))
    with pytest.raises(ValueError, match="left out"):
        icc31(np.array([np.nan, 1]), np.zeros(2))


def gaussian(rng: np.random.Generator, mean: list[float], root: list[list[float]]) -> FloatArray:
    """Samples whose mean and covariance are exactly `mean` and root @ root.T."""
    raw = rng.standard_normal((400, len(mean)))
    raw -= raw.mean(axis=0)
    whitened = raw @ np.linalg.inv(np.linalg.cholesky(np.cov(raw, rowvar=False))).T
    return np.asarray(whitened @ np.array(root).T + mean, np.float32)


def test_the_distance_of_gaussians_that_commute_has_a_closed_form(
    rng: np.random.Generator,
) -> None:
    first = gaussian(rng, [0.0, 1.0], [[2.0, 0.0], [0.0, 1.0]])
    second = gaussian(rng, [3.0, -1.0], [[0.5, 0.0], [0.0, 4.0]])
    expected = 3**2 + 2**2 + (2 - 0.5) ** 2 + (1 - 4) ** 2
    assert frechet_distance(first, second) == pytest.approx(expected, rel=1e-5)
    assert frechet_distance(second, first) == pytest.approx(expected, rel=1e-5)


def test_the_distance_of_gaussians_that_do_not_commute(rng: np.random.Generator) -> None:
    # For 2 x 2, tr (C1 C2)^(1/2) = sqrt(tr C1 C2 + 2 sqrt(det C1 C2)).
    one, other = np.array([[2.0, 0.0], [1.0, 1.0]]), np.array([[1.0, 0.5], [0.0, 3.0]])
    c1, c2 = one @ one.T, other @ other.T
    shared = np.sqrt(np.trace(c1 @ c2) + 2 * np.sqrt(np.linalg.det(c1 @ c2)))
    expected = np.trace(c1) + np.trace(c2) - 2 * shared
    found = frechet_distance(
        gaussian(rng, [0.0, 0.0], one.tolist()), gaussian(rng, [0.0, 0.0], other.tolist())
    )
    assert found == pytest.approx(expected, rel=1e-5)


def test_the_same_features_are_at_no_distance_though_they_be_few(rng: np.random.Generator) -> None:
    few = rng.standard_normal((3, 8)).astype(np.float32)
    assert frechet_distance(few, few) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(few, few + 2) == pytest.approx(8 * 4, rel=1e-6)


@pytest.mark.parametrize(
    ("first", "second", "complaint"),
    [
        (np.zeros((3, 2)), np.zeros((3, 4)), "expected"),
        (np.zeros(3), np.zeros((3, 1)), "expected"),
        (np.zeros((1, 2)), np.zeros((3, 2)), "two samples"),
        (np.full((3, 2), np.nan), np.zeros((3, 2)), "finite"),
    ],
)
def test_features_that_have_no_distance_are_refused(
    first: FloatArray, second: FloatArray, complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        frechet_distance(first, second)


def test_rank_correlation_by_hand() -> None:
    """Ranks 1 2.5 2.5 4 and 1 3 2 4: covariance 4.5 over the root of 4.5 * 5."""
    found = spearman(np.array([1.0, 7.0, 7.0, 30.0]), np.array([0.1, 0.3, 0.2, 99.0]))
    assert found == pytest.approx(4.5 / np.sqrt(4.5 * 5))


def test_rank_correlation_needs_variation() -> None:
    assert np.isnan(spearman(np.array([1.0, 2.0]), np.array([3.0, 3.0])))
    assert np.isnan(spearman(np.array([1.0]), np.array([3.0])))


def test_ranks_go_from_0_to_1_and_ties_share() -> None:
    assert ranks(np.array([5.0, -1.0, 5.0, 9.0, 5.0])).tolist() == [0.5, 0.0, 0.5, 1.0, 0.5]
