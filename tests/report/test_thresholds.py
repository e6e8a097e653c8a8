"""The cost of reaching a score, with runs that never do: against statsmodels and by hand."""

import numpy as np
import pytest

from evorobo import SettingsError
from evorobo.report.statistics import HittingTimes, expected_running_time, kaplan_meier, time_to_threshold

TIMES = HittingTimes(np.array([3, 5, 5, 8, 10, 12, 12, 15.0]), np.array([1, 1, 0, 1, 0, 1, 1, 0], bool))


def test_a_run_reaches_the_threshold_at_an_eval_or_is_censored_at_its_end():
    x = np.array([1.0, 2.0, 4.0])
    curves = [(x, np.array([0, 9.0, 3])), (x, np.array([0, 1, 2.0])), (x[:2], np.array([9.0, 9]))]
    times = time_to_threshold(curves, 9)
    assert times.costs.tolist() == [2, 4, 1]
    assert times.reached.tolist() == [True, False, True]
    assert (times.n_solved, times.n_runs) == (2, 3)


def test_a_loss_reaches_the_threshold_from_above():
    times = time_to_threshold([(np.array([1.0, 2.0]), np.array([0.5, 0.1]))], 0.2, higher_is_better=False)
    assert (times.costs.tolist(), times.n_solved) == ([2], 1)


def test_kaplan_meier_is_that_of_statsmodels():
    # statsmodels 0.15, SurvfuncRight: 1 - surv_prob at surv_times
    curve = kaplan_meier(TIMES)
    for cost, share in {3: 0.125, 5: 0.25, 8: 0.4, 12: 0.8}.items():
        assert curve.share[curve.costs.tolist().index(cost)] == pytest.approx(share, abs=1e-9)
    assert curve.median == 12


def test_without_censoring_it_is_the_share_of_solved_runs():
    curve = kaplan_meier(HittingTimes(np.array([1.0, 2, 3, 4]), np.ones(4, bool)))
    assert curve.share == pytest.approx([0.25, 0.5, 0.75, 1])
    assert curve.median == 2


def test_the_median_is_infinite_where_fewer_than_half_solve():
    assert kaplan_meier(HittingTimes(np.array([1.0, 9, 9, 9]), np.array([1, 0, 0, 0], bool))).median == np.inf
    assert kaplan_meier(HittingTimes(np.array([9.0, 9]), np.zeros(2, bool))).median == np.inf


def test_the_expected_running_time_is_the_total_cost_over_the_successes():
    assert expected_running_time(TIMES) == pytest.approx(70 / 5)
    assert expected_running_time(HittingTimes(np.array([4.0, 4]), np.zeros(2, bool))) == np.inf


def test_restarts_until_success_cost_the_expected_running_time(rng):
    # a run solves with probability 0.3 after 2, else it is stopped after 10: 2 + 10 * 0.7 / 0.3
    reached = rng.random(20_000) < 0.3
    times = HittingTimes(np.where(reached, 2.0, 10.0), reached)
    assert expected_running_time(times) == pytest.approx(2 + 10 * 0.7 / 0.3, rel=0.05)


def test_without_runs_there_is_no_time():
    with pytest.raises(SettingsError, match="needs runs with at least one eval"):
        time_to_threshold([], 1)
    with pytest.raises(SettingsError, match="needs runs with at least one eval"):
        time_to_threshold([(np.empty(0), np.empty(0))], 1)


@pytest.fixture
def rng():
    return np.random.default_rng(0)
