"""The statistics of few runs, against scipy, by hand, and against the law of what an interval promises."""

import numpy as np
import pytest
import scipy.stats

from evorobo.report.statistics import at, interval, iqm


def test_iqm_is_the_mean_of_the_middle_half():
    # of eight, two go on either side: (3 + 4 + 5 + 6) / 4
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
    assert interval(values, repetitions=20_000) == pytest.approx(tuple(theirs), abs=0.15)


def test_the_interval_of_two_runs_worked_by_hand():
    # the mean of two draws from {0, 1} is 0, 1/2, 1/2 or 1: the middle 95% reach from 0 to 1, the middle 40% are 1/2
    assert interval([0, 1]) == (0, 1)
    assert interval([0, 1], confidence=0.4) == (0.5, 0.5)


def test_equal_seeds_repeat_and_other_seeds_differ(rng):
    values = rng.normal(size=7)
    assert interval(values, 3) == interval(values, 3)
    assert interval(values, 3) != interval(values, 4)


def test_a_curve_has_the_interval_of_each_of_its_points(rng):
    values = rng.normal(size=(6, 5, 2))
    low, high = interval(values)
    assert low.shape == high.shape == (5, 2)
    for point in np.ndindex(5, 2):
        alone = interval(values[(slice(None), *point)])
        assert (low[point], high[point]) == pytest.approx(alone)


def test_any_statistic_will_do(rng):
    values = rng.normal(size=30)
    low, high = interval(values, statistic=np.median)
    assert low < np.median(values) < high
    assert interval(values, statistic=np.median) != interval(values)


def test_one_run_has_no_interval():
    assert np.isnan(interval([5.0])).all()
    assert np.isnan(interval(np.ones((1, 3)))).all()
    assert np.shape(interval(np.ones((1, 3)))) == (2, 3)


def test_thirty_runs_hold_the_truth_about_as_often_as_promised_and_three_do_not(rng):
    def coverage(n):
        hits = [low <= 0 <= high for low, high in (interval(rng.normal(size=n), repetitions=400) for _ in range(400))]
        return np.mean(hits)

    assert coverage(30) == pytest.approx(0.94, abs=0.035)
    assert coverage(3) < 0.85


def test_at_is_the_last_look_at_or_before_each_point():
    answer = at([10, 20, 40], [1, 2, 3], [5, 10, 19, 20, 39.9, 40, 1000])
    assert np.isnan(answer[0])
    assert answer[1:].tolist() == [1, 1, 2, 2, 3, 3]


def test_at_of_a_curve_without_looks_is_unknown():
    assert np.isnan(at([], [], [1, 2])).all()


def test_at_takes_the_last_of_several_looks_at_one_price():
    assert at([10, 10, 20], [1, 2, 3], [10]).tolist() == [2]


@pytest.fixture
def rng():
    return np.random.default_rng(0)
