"""Aggregates and their intervals: against scipy, the formulas of rliable, by hand, and their coverage."""

import numpy as np
import pytest
import scipy.stats

from evorobo import SettingsError
from evorobo.report.statistics import (
    bootstrap_interval,
    iqm,
    optimality_gap,
    stratified_bootstrap_interval,
    success_rate_interval,
)


def test_iqm_is_the_mean_of_the_middle_half():
    # of eight, two are left out on either side: (3 + 4 + 5 + 6) / 4
    assert iqm([100, 1, 2, 3, 4, 5, 6, -100 + 107]) == pytest.approx(4.5)
    assert iqm([1, 2, 9]) == pytest.approx(4)  # below four values nothing is left out
    assert iqm([7.0]) == 7


def test_iqm_along_an_axis_is_the_iqm_of_each_column(rng):
    values = rng.normal(size=(9, 4))
    assert iqm(values, 0) == pytest.approx([scipy.stats.trim_mean(column, 0.25) for column in values.T])
    assert iqm(values, 1) == pytest.approx([scipy.stats.trim_mean(row, 0.25) for row in values])


def test_the_interval_is_that_of_scipy_at_expanded_percentiles(rng):
    values = rng.normal(10, 3, size=12)
    # Hesterberg 2015: the normal quantile at sqrt(n / (n - 1)) t
    confidence = 1 - 2 * scipy.stats.norm.sf(np.sqrt(12 / 11) * scipy.stats.t.ppf(0.975, 11))
    theirs = scipy.stats.bootstrap(
        (values,), iqm, method="percentile", n_resamples=20_000, confidence_level=confidence, rng=rng
    ).confidence_interval
    assert bootstrap_interval(values) == pytest.approx(tuple(theirs), abs=0.25)


def test_the_interval_of_few_runs_reaches_from_the_lowest_to_the_highest():
    assert bootstrap_interval([0, 1]) == (0, 1)
    assert bootstrap_interval([3.0, 9.0, 4.0]) == (3, 9)


def test_an_interval_repeats(rng):
    values = rng.normal(size=7)
    assert bootstrap_interval(values) == bootstrap_interval(values)


def test_a_curve_has_the_interval_of_each_of_its_points(rng):
    values = rng.normal(size=(6, 5, 2))
    low, high = bootstrap_interval(values)
    assert low.shape == high.shape == (5, 2)
    for point in np.ndindex(5, 2):
        expected = bootstrap_interval(values[(slice(None), *point)])
        assert (low[point], high[point]) == pytest.approx(expected)


def test_long_curves_are_computed_in_parts(rng):
    values = rng.normal(size=(3, 1000))
    assert bootstrap_interval(values)[0] == pytest.approx(values.min(0))


def test_diverged_runs_count_as_infinite(rng):
    values = np.append(rng.normal(size=11), -np.inf)  # trimmed away, but for resamples with many of it
    low, high = bootstrap_interval(values)
    assert np.isfinite([iqm(values), high]).all()
    assert low == bootstrap_interval(np.append(values[:11], -1e9))[0] or np.isneginf(low)
    assert bootstrap_interval([-np.inf] * 3) == (-np.inf, -np.inf)


def test_one_run_has_no_interval():
    assert np.isnan(bootstrap_interval([5.0])).all()
    assert np.isnan(bootstrap_interval(np.ones((1, 3)))).all()
    assert np.shape(bootstrap_interval(np.ones((1, 3)))) == (2, 3)


@pytest.mark.parametrize(("n", "coverage"), [(3, 0.75), (4, 0.875), (5, 0.9375), (10, 0.965), (30, 0.955)])
def test_the_coverage_is_right_from_five_runs_on(rng, n, coverage):
    # below 6 runs: the range contains the median of the scores with probability 1 - 2 / 2^n
    low, high = bootstrap_interval(rng.normal(size=(n, 2000)))
    assert np.mean((low <= 0) & (high >= 0)) == pytest.approx(coverage, abs=0.025)


def test_the_optimality_gap_is_the_mean_shortfall():
    # shortfalls of 0.5, 0, 0 and 1.2: 1.7 / 4
    assert optimality_gap([0.5, 1.0, 3.0, -0.2]) == pytest.approx(0.425)
    assert optimality_gap([[300, 500], [475, 475]], axis=0, target=475).tolist() == [87.5, 0]


def test_many_tasks_have_the_aggregates_of_rliable(rng):
    scores = rng.normal(0.6, 0.4, size=(5, 6))  # runs x tasks
    tasks = list(scores.T)
    flat = np.concatenate(tasks)
    middle_half = np.sort(scores, axis=None)[7:-7]
    assert iqm(flat) == pytest.approx(middle_half.mean(), abs=1e-12)
    assert optimality_gap(flat) == pytest.approx(1 - np.mean(np.minimum(scores, 1)), abs=1e-12)


def test_the_stratified_bootstrap_resamples_within_each_task():
    # the middle half of four fives and of four numbers around 5 holds the fives, in every resample of the strata
    low, high = stratified_bootstrap_interval([[5.0] * 4, [0.0, 1.0, 9.0, 10.0]])
    assert 0 < low <= 5 <= high < 10


def test_a_single_task_has_the_plain_interval_and_several_repeat(rng):
    values = rng.normal(size=9)
    assert stratified_bootstrap_interval([values]) == bootstrap_interval(values)
    tasks = [values, values + 1, values * 2]
    assert stratified_bootstrap_interval(tasks) == stratified_bootstrap_interval(tasks)


def test_over_tasks_the_interval_has_its_coverage(rng):
    hits = 0
    for _ in range(200):
        low, high = stratified_bootstrap_interval(list(rng.normal(size=(2, 6))))
        hits += low <= 0 <= high
    assert hits / 200 >= 0.94 - 3 * np.sqrt(0.94 * 0.06 / 200)


def test_a_task_with_one_run_has_no_interval():
    assert np.isnan(stratified_bootstrap_interval([[1, 2, 3], [1]])).all()


@pytest.mark.parametrize(("successes", "attempts"), [(0, 10), (3, 10), (10, 10), (47, 60)])
def test_a_success_rate_has_the_exact_interval(successes, attempts):
    theirs = scipy.stats.binomtest(successes, attempts).proportion_ci(method="exact")
    assert success_rate_interval(successes, attempts) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


@pytest.mark.parametrize("rate", [0.5, 0.9, 0.99])
@pytest.mark.parametrize("n", [5, 10, 50])
def test_the_interval_of_a_success_rate_contains_it_in_95_percent(rate, n):
    counts = np.arange(n + 1)
    low, high = success_rate_interval(counts, n)
    inside = (low <= rate) & (rate <= high)
    assert scipy.stats.binom.pmf(counts, n, rate)[inside].sum() >= 0.95  # exact, no simulation


@pytest.mark.parametrize(("successes", "attempts"), [(3, 2), (0, 0), (-1, 4)])
def test_impossible_counts_raise(successes, attempts):
    with pytest.raises(SettingsError, match="give no rate"):
        success_rate_interval(successes, attempts)


@pytest.fixture
def rng():
    return np.random.default_rng(0)
