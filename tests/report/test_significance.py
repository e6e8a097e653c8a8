"""Tests for two groups and Holm's correction: against statsmodels, by counting, and by simulation."""

from itertools import combinations

import numpy as np
import pytest

from evorobo import SettingsError
from evorobo.report.statistics import holm_correction, mann_whitney_test, permutation_test, runs_needed, welch_test
from evorobo.report.statistics.significance import t_test_power

X, Y = [70.1, 68.3, 73.6, 60.5, 71.9, 69.4, 72.2], [66.8, 44.8, 73.3, 61.3, 68.0]


def test_welch_is_that_of_statsmodels():
    # statsmodels 0.15, weightstats.ttest_ind(X, Y, usevar="unequal")
    assert welch_test(X, Y) == pytest.approx(0.2590250244413597, abs=1e-9)
    assert welch_test(Y, X) == welch_test(X, Y)


def test_constant_groups_are_compared_by_the_permutation_test():
    # of the 20 assignments of three 500s and three 9s to two groups of three, 2 are as extreme
    assert welch_test([500] * 3, [9] * 3) == pytest.approx(2 / 20)
    assert welch_test([500] * 3, [500] * 3) == 1
    assert welch_test([0.1 + 0.2] * 3, [0.3] * 3) == 1  # equal but for rounding
    assert 0 < welch_test([500] * 10, [500, 480, 500, 490, 470]) < 1


def test_one_run_has_no_p():
    assert np.isnan(welch_test([1.0], [2.0, 3.0]))


def test_a_small_permutation_test_counts_all_assignments():
    x, y = [1.0, 4.0, 9.0, 2.5], [3.0, 8.0, 12.0]
    every, as_low = np.array(x + y), []
    for chosen in combinations(range(7), 4):
        in_first = np.isin(np.arange(7), chosen)
        as_low.append(every[in_first].mean() - every[~in_first].mean() <= np.mean(x) - np.mean(y) + 1e-12)
    assert permutation_test(x, y) == pytest.approx(2 * np.mean(as_low), abs=1e-12)  # two-sided: twice the smaller tail


def test_a_large_permutation_test_repeats_and_is_never_zero(rng):
    x, y = rng.normal(3, 1, 20), rng.normal(0, 1, 20)
    assert (
        permutation_test(x, y) == permutation_test(x, y) == pytest.approx(2 / 10_000)
    )  # one more than none, on both sides
    assert permutation_test(x, x + 0.1, seed=1) != permutation_test(x, x + 0.1, seed=2)


def test_mann_whitney_of_small_groups_is_exact():
    # all of X above all of Y: 2 of the 20 orders are as extreme
    assert mann_whitney_test([4, 5, 6], [1, 2, 3]) == pytest.approx(0.1, abs=1e-12)


def test_holm_is_that_of_statsmodels():
    # statsmodels 0.15, multipletests(..., method="holm")
    assert holm_correction([0.01, 0.04, 0.03, 0.005, 0.2]) == pytest.approx([0.04, 0.09, 0.09, 0.025, 0.2], abs=1e-9)
    assert holm_correction([0.6, 0.9]).tolist() == [1, 1]
    assert holm_correction([]).tolist() == []


def test_holm_does_not_count_nan():
    assert holm_correction([0.01, np.nan, 0.04]) == pytest.approx([0.02, np.nan, 0.04], nan_ok=True)


def test_an_invalid_p_value_raises():
    with pytest.raises(SettingsError, match=r"must be between 0 and 1, not 1\.5"):
        holm_correction([0.5, 1.5])


@pytest.mark.parametrize("test", [welch_test, mann_whitney_test, lambda x, y: permutation_test(x, y, n_resamples=299)])
def test_the_rate_of_false_positives_is_the_level_of_the_test(rng, test):
    draws = 400 if "lambda" in test.__name__ else 1500
    wrong = np.mean([test(rng.normal(size=10), rng.normal(size=8)) < 0.05 for _ in range(draws)])
    assert wrong == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / draws))


def test_welch_keeps_its_level_for_unequal_variances_and_sizes(rng):
    wrong = np.mean([welch_test(rng.normal(0, 5, 6), rng.normal(0, 1, 20)) < 0.05 for _ in range(1500)])
    assert wrong == pytest.approx(0.05, abs=0.02)


def test_holm_keeps_the_level_for_all_pairs_together(rng):
    def has_false_positive():
        groups = rng.normal(size=(4, 10))
        return (holm_correction([welch_test(one, other) for one, other in combinations(groups, 2)]) < 0.05).any()

    assert np.mean([has_false_positive() for _ in range(500)]) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 500)


# statsmodels 0.15, TTestIndPower().power(effect, n, alpha)
@pytest.mark.parametrize(
    ("effect", "n", "alpha", "expected"),
    [
        (0.5, 64, 0.05, 0.8014595579222542),
        (0.8, 26, 0.05, 0.8074866151465275),
        (1.2, 10, 0.05 / 3, 0.5301417113954408),
    ],
)
def test_the_power_is_that_of_statsmodels(effect, n, alpha, expected):
    assert t_test_power(effect, n, alpha) == pytest.approx(expected, abs=1e-9)
    assert t_test_power(-effect, n, alpha) == pytest.approx(expected, abs=1e-9)


def test_the_runs_needed_are_those_of_the_tables():
    # two-sided, level 0.05, power 0.8 (Cohen 1988)
    assert [runs_needed(d) for d in (0.5, 0.8, 1.0, 1.5, 2.0)] == [64, 26, 17, 9, 6]
    assert runs_needed(0.5, alpha=0.01) > 64


def test_tiny_effects_need_too_many_runs():
    assert runs_needed(0.01) is None
    assert runs_needed(0.0) is None
    assert runs_needed(float("nan")) is None
    assert runs_needed(float("inf")) == 2


@pytest.fixture
def rng():
    return np.random.default_rng(0)
