"""Tests for two groups and Holm's correction: against statsmodels, by counting, and by simulation."""

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import norm, t, ttest_ind

from evorobo import SettingsError
from evorobo.report.statistics import (
    additional_runs,
    decision_test,
    hall_test,
    holm_correction,
    means_power,
    permutation_test,
    probability_test,
    verdict_level,
    welch_power,
    welch_test,
)

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


@pytest.mark.parametrize("test", [welch_test, lambda x, y: permutation_test(x, y, n_resamples=299)])
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
    assert welch_power(effect, (1.0, 1.0), (n, n), alpha) == pytest.approx(expected, abs=1e-9)
    assert welch_power(-effect, (1.0, 1.0), (n, n), alpha) == pytest.approx(expected, abs=1e-9)


def test_the_power_for_a_given_effect_needs_the_runs_of_the_tables():
    # two-sided, level 0.05, power 0.8 (Cohen 1988)
    for effect, n in ((0.5, 64), (0.8, 26), (1.0, 17), (1.5, 9), (2.0, 6)):
        powers = [welch_power(effect, (1.0, 1.0), (k, k)) for k in (n - 1, n)]
        assert powers[0] < 0.8 <= powers[1]


@pytest.mark.parametrize("sds", [(1.0, 3.0), (0.0, 2.0)])
def test_the_power_for_unequal_spreads_is_the_share_of_simulated_tests(rng, sds):
    draws = [[rng.normal(mean, sd, 9) for mean, sd in zip((2.5, 0.0), sds, strict=True)] for _ in range(2000)]
    share = np.mean([welch_test(x, y) < 0.05 for x, y in draws])
    assert welch_power(2.5, sds, (9, 9)) == pytest.approx(share, abs=0.035)


def test_the_power_is_a_number_for_huge_effects():
    for n in (2, 26, 300):
        assert [welch_power(difference, (1.0, 1.0), (n, n), 1e-3) for difference in (5.0, 50.0, 1e9)] == sorted(
            welch_power(difference, (1.0, 1.0), (n, n), 1e-3) for difference in (5.0, 50.0, 1e9)
        )


def test_the_added_runs_give_both_tests_their_power(rng):
    x, y = rng.normal(0, 1, 8) + 0.5, rng.normal(0, 1, 8)
    x += 0.55 + y.mean() - x.mean()  # many runs: the skewness does not count
    added = additional_runs(x, y, 0.04)

    def power(n):
        p = np.mean(x[:, None] > y)
        z = abs(p - 0.5) / np.sqrt(0.25 * (1 + (n - 1) * 2 / 3) / n**2)
        return min(welch_power(np.mean(x) - np.mean(y), (np.std(x, ddof=1), np.std(y, ddof=1)), (n, n), 0.04),
                   norm.sf(norm.isf(0.02) - z))  # fmt: skip

    assert power(8 + added - 1) < 0.8 <= power(8 + added)


def test_with_few_runs_the_power_is_that_of_both_tests_of_the_means(rng):
    x, y = np.array([1.0] * 6 + [6.0]), np.linspace(-0.1, 0.1, 7)  # P is 1, so the tests of the means need more runs
    difference, sds, n = x.mean() - y.mean(), (x.std(ddof=1), y.std(ddof=1)), 7 + additional_runs(x, y, 0.04)

    def share(n):
        draws = rng.normal(difference, sds[0], (4000, n)), rng.normal(0, sds[1], (4000, n))
        of_means = ttest_ind(*draws, axis=1, equal_var=False).pvalue
        return np.mean((of_means < 0.04) & (hall_test(*draws) < 0.04))

    assert welch_power(difference, sds, (n - 1, n - 1), 0.04) > 0.8
    assert share(n - 2) < 0.8 < share(n) + 0.02
    assert means_power(difference, sds, (n, n), 0.04) == pytest.approx(share(n), abs=0.04)


def test_never_zero_runs_are_asked_for(rng):
    for _ in range(200):
        n, m = rng.integers(2, 12, 2)
        added = additional_runs(rng.normal(rng.normal(0, 3), 1, n), rng.normal(0, 1, m), 0.01)
        assert added is None or added >= 1
        assert added is None or min(n, m) + added >= 6


def test_constant_sides_need_the_runs_with_which_p_can_be_small():
    # the least n with which P = 1 has p <= 0.04; the permutation test has the smaller p, 2 / C(2 n, n)
    added = additional_runs([500.0] * 3, [9.0] * 3, 0.002, power=0.5)
    assert probability_test([500.0] * (3 + added), [9.0] * (3 + added)) <= 0.002
    assert probability_test([500.0] * (2 + added), [9.0] * (2 + added)) > 0.002
    assert permutation_test([500.0] * (3 + added), [9.0] * (3 + added)) <= 0.002


def test_diverged_runs_need_the_runs_of_the_rank_test():
    x, y = [1.0, 2, 3, 4, 5, 6], [-np.inf, -np.inf, 0, 1, 2, 3]
    added = additional_runs(x, y, 0.04)
    n, p = 6 + added, np.mean(np.array(x)[:, None] > y) + np.mean(np.array(x)[:, None] == y) / 2
    z = (p - 0.5) / np.sqrt(0.25 * (1 + (n - 1) * 2 / 3) / n**2)
    assert norm.sf(norm.isf(0.02) - z) >= 0.8


def test_no_effect_needs_too_many_runs():
    assert additional_runs([1.0, 2, 3], [1.0, 2, 3]) is None
    assert additional_runs([7.0] * 4, [7.0] * 4) is None
    assert additional_runs([1.0], [2.0, 3.0]) is None


def test_the_levels_of_all_verdicts_add_up():
    levels = [verdict_level(number) for number in range(30)]
    assert levels[0] == pytest.approx(0.04)
    assert sum(levels) == pytest.approx(0.05)
    assert levels == sorted(levels, reverse=True)


def test_a_decision_needs_all_three_tests(rng):
    x, y = rng.lognormal(size=10), rng.lognormal(size=30)
    p_values = [welch_test(x, y), float(hall_test(x, y)), float(probability_test(x, y))]
    assert decision_test(x, y) == decision_test(y, x) == max(p_values)
    assert decision_test([1.0, -np.inf, 2], [4.0, 5, 6]) == float(probability_test([1.0, -np.inf, 2], [4.0, 5, 6]))
    assert decision_test([1.0, 2], [4.0, 5, 6]) == max(
        welch_test([1.0, 2], [4.0, 5, 6]), float(probability_test([1.0, 2], [4.0, 5, 6]))
    )


def test_halls_test_worked_by_hand():
    # x: mean 4, variance 12, sum of cubes 4 * 27 * ... = (-3)^3 + (-1)^3 + (-1)^3 + 5^3 = 96; y: mean 0, symmetric
    x, y = [1.0, 3, 3, 9], [-1.0, 0, 1]
    error = np.sqrt(12 / 4 + 1 / 3)
    skewness = 96 / (4 * 3 * 2) / error**3  # third cumulant of the mean of x, unbiased: 96 n / ((n-1)(n-2)) / n^2
    welch = 4 / error
    value = welch + skewness * welch**2 / 3 + skewness**2 * welch**3 / 27 + skewness / 6
    degrees = (3 + 1 / 3) ** 2 / (3**2 / 3 + (1 / 3) ** 2 / 2)
    assert float(hall_test(x, y)) == pytest.approx(2 * t.sf(value, degrees))
    assert float(hall_test(y, x)) == pytest.approx(2 * t.sf(value, degrees))


def test_without_skewness_halls_test_is_welchs():
    x, y = np.array([1.0, 2, 4, 5]), np.array([2.0, 5, 8])
    assert float(hall_test(x, y)) == pytest.approx(welch_test(x, y))
    assert np.isnan(hall_test([1.0, 2], x))
    assert np.isnan(hall_test([3.0, 3, 3], [4.0, 4, 4]))


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_skewed_scores_with_unequal_numbers_of_runs_keep_the_level(rng, share):
    # Welch's test alone is wrong in a fifth of these cases
    draws = [(500.0 * (rng.random(10) < share), 500.0 * (rng.random(50) < share)) for _ in range(1000)]
    assert np.mean([decision_test(x, y) < 0.05 for x, y in draws]) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 1000)


def test_equal_means_of_saturated_scores_are_rarely_called_different(rng):
    # P is 0.59 here; with Welch's test instead of Hall's it is 8 %
    draws = np.minimum(rng.normal(480, 60, (4000, 60)), 500)
    x, y = 3 * (draws[:, :10] - draws.mean()), draws[:, 10:] - draws.mean()
    welch = np.array([welch_test(a, b) for a, b in zip(x, y, strict=True)])
    p = np.maximum(np.fmax(welch, hall_test(x, y)), probability_test(x, y))
    assert (np.maximum(welch, probability_test(x, y)) < 0.05).mean() > 0.06
    assert (p < 0.05).mean() <= 0.05


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_scores_far_above_others_differ_however_skewed_they_are():
    above = np.array([51.7, 60.0, 61.2, 64.6, 66.9, 67.6, 70.6, 70.7, 71.5, 72.0])
    below = np.array([44.2, 44.4, 44.6, 44.7, 45.0, 45.2, 45.5, 45.6, 46.2, 46.5])
    assert decision_test(above, below) == pytest.approx(float(probability_test(above, below)))
    assert decision_test(above, below) < 0.001
