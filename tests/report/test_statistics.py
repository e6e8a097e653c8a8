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
    wilson_interval,
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


def test_the_interval_agrees_with_scipy(rng):
    values = rng.normal(10, 3, size=12)
    theirs = scipy.stats.bootstrap((values,), iqm, method="percentile", n_resamples=20_000, rng=rng).confidence_interval
    assert bootstrap_interval(values, n_resamples=20_000) == pytest.approx(tuple(theirs), abs=0.15)


def test_the_interval_of_two_runs_by_hand():
    # the mean of two samples from {0, 1} is 0, 1/2, 1/2 or 1: the middle 95% are from 0 to 1, the middle 40% are 1/2
    assert bootstrap_interval([0, 1]) == (0, 1)
    assert bootstrap_interval([0, 1], confidence=0.4) == (0.5, 0.5)


def test_equal_seeds_repeat_and_other_seeds_differ(rng):
    values = rng.normal(size=7)
    assert bootstrap_interval(values, 3) == bootstrap_interval(values, 3)
    assert bootstrap_interval(values, 3) != bootstrap_interval(values, 4)


def test_a_curve_has_the_interval_of_each_of_its_points(rng):
    values = rng.normal(size=(6, 5, 2))
    low, high = bootstrap_interval(values)
    assert low.shape == high.shape == (5, 2)
    for point in np.ndindex(5, 2):
        expected = bootstrap_interval(values[(slice(None), *point)])
        assert (low[point], high[point]) == pytest.approx(expected)


def test_any_statistic_can_be_used(rng):
    values = rng.normal(size=30)
    low, high = bootstrap_interval(values, statistic=np.median)
    assert low < np.median(values) < high
    assert bootstrap_interval(values, statistic=np.median) != bootstrap_interval(values)


def test_one_run_has_no_interval():
    assert np.isnan(bootstrap_interval([5.0])).all()
    assert np.isnan(bootstrap_interval(np.ones((1, 3)))).all()
    assert np.shape(bootstrap_interval(np.ones((1, 3)))) == (2, 3)


def test_the_coverage_is_right_for_thirty_runs_and_too_low_for_three(rng):
    def coverage(n):
        hits = [
            low <= 0 <= high
            for low, high in (bootstrap_interval(rng.normal(size=n), n_resamples=400) for _ in range(400))
        ]
        return np.mean(hits)

    assert coverage(30) == pytest.approx(0.94, abs=0.035)
    assert coverage(3) < 0.85


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
    # a task of equal runs keeps its mean, so the interval depends on the other task only
    low, high = stratified_bootstrap_interval([[5.0] * 4, [0.0, 1.0]], statistic=np.mean)
    assert (low, high) == pytest.approx((20 / 6, 22 / 6))  # without strata it would be from 0 to 5


def test_a_single_task_has_the_plain_interval_and_resamples_in_blocks_agree(rng):
    values = rng.normal(size=9)
    assert stratified_bootstrap_interval([values], 3) == bootstrap_interval(values, 3)
    first = stratified_bootstrap_interval([values, values + 1, values * 2], n_resamples=50_000)
    second = stratified_bootstrap_interval([values, values + 1, values * 2], n_resamples=50_000)
    assert first == second
    assert first == pytest.approx(
        stratified_bootstrap_interval([values, values + 1, values * 2], 1, n_resamples=5_000), abs=0.05
    )


def test_a_task_with_one_run_has_no_interval():
    assert np.isnan(stratified_bootstrap_interval([[1, 2, 3], [1]])).all()


# statsmodels 0.15, proportion_confint(..., method="wilson")
@pytest.mark.parametrize(
    ("successes", "attempts", "low", "high"),
    [
        (0, 10, 0.0, 0.27753279986288926),
        (3, 10, 0.10779126740630104, 0.6032218525388546),
        (10, 10, 0.7224672001371106, 1.0),
        (47, 60, 0.6637997242680521, 0.868769559518097),
    ],
)
def test_a_success_rate_has_the_wilson_interval(successes, attempts, low, high):
    assert wilson_interval(successes, attempts) == pytest.approx((low, high), abs=1e-9)


@pytest.mark.parametrize(("successes", "attempts"), [(3, 2), (0, 0), (-1, 4)])
def test_impossible_counts_raise(successes, attempts):
    with pytest.raises(SettingsError, match="give no rate"):
        wilson_interval(successes, attempts)


@pytest.fixture
def rng():
    return np.random.default_rng(0)
