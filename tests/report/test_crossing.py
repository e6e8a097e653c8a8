"""The last crossing of two curves: by hand, and simulated with a known crossing."""

import numpy as np
import pytest
from scipy.optimize import isotonic_regression

from evorobo.report.statistics import find_crossing
from evorobo.report.statistics.crossing import _start_of_lead

X = np.array([1.0, 2.0, 3.0, 4.0, 5.0])


def runs(*curves):
    return [(X[: len(y)], np.array(y, float)) for y in curves]


def test_the_crossing_is_the_first_eval_after_the_last_one_behind():
    # ahead at 1, behind at 2 and 3, ahead from 4 on
    crossing = find_crossing(runs([3, 0, 0, 5, 5], [3, 0, 0, 5, 5]), runs([2, 2, 2, 2, 2], [2, 2, 2, 2, 2]))
    assert (crossing.cost, crossing.low, crossing.high) == (4, 3, 4)  # between the evals at 3 and 4
    assert (crossing.begin, crossing.end) == (1, 5)


def test_a_tie_is_not_ahead():
    crossing = find_crossing(runs([1, 2, 3, 4, 5], [1, 2, 3, 4, 5]), runs([3] * 5, [3] * 5))
    assert crossing.cost == 4


def test_a_curve_that_is_always_ahead_crosses_at_the_first_eval():
    assert find_crossing(runs([5] * 5, [6] * 5), runs([1] * 5, [2] * 5)).cost == 1


def test_a_curve_that_ends_behind_has_no_crossing():
    assert find_crossing(runs([9, 9, 9, 9, 1], [9, 9, 9, 9, 1]), runs([5] * 5, [5] * 5)) is None


def test_a_run_that_ended_keeps_its_last_score():
    # the other ends at 2 with a score of 3, which is passed at 4
    crossing = find_crossing(runs([0, 1, 2, 4, 5], [0, 1, 2, 4, 5]), runs([3, 3], [3, 3]))
    assert crossing.cost == 4


def test_a_single_run_has_no_crossing():
    assert find_crossing(runs([5] * 5), runs([1] * 5, [1] * 5)) is None


def test_runs_that_disagree_may_never_cross():
    # one of two leaders is never ahead; it may be resampled twice
    crossing = find_crossing(runs([0, 0, 9, 9, 9], [0, 0, 0, 0, 0]), runs([1] * 5, [1] * 5))
    assert (crossing.cost, crossing.low, crossing.high) == (3, 2, np.inf)


def test_the_interval_repeats_and_holds_the_true_crossing(rng):
    x = np.linspace(1, 20, 39)

    def study():
        rising = [(x, x / 10 + rng.normal(0, 0.15) + rng.normal(0, 0.02, len(x))) for _ in range(15)]
        return rising, [(x, 1 + rng.normal(0, 0.15) + rng.normal(0, 0.02, len(x))) for _ in range(15)]

    one, other = study()
    assert find_crossing(one, other) == find_crossing(one, other)
    crossing = [find_crossing(*study(), n_resamples=300) for _ in range(100)]
    # the curves meet at 10, and the evals are half a unit apart
    held = np.mean([one.low <= 10 <= one.high for one in crossing])
    assert held >= 0.94 - 3 * np.sqrt(0.94 * 0.06 / 100)
    assert np.mean([one.high - one.low for one in crossing]) < 5


@pytest.mark.parametrize("noise", [0.3, 1.0])
def test_noise_that_is_new_at_every_eval_does_not_move_the_crossing(rng, noise):
    x = np.linspace(1, 20, 39)

    def curves(level):
        return [(x, level + rng.normal(0, 0.15) + rng.normal(0, noise, len(x))) for _ in range(10)]

    crossing = [find_crossing(curves(x / 10), curves(1), n_resamples=200) for _ in range(60)]
    assert np.mean([one.low <= 10 <= one.high for one in crossing if one]) >= 0.94 - 3 * np.sqrt(0.94 * 0.06 / 60)
    # the last eval behind would be at 13.5 with noise of 0.3, and at 18 with noise of 1
    assert np.mean([one.cost for one in crossing if one]) == pytest.approx(10, abs=1.0)


def test_the_rule_is_isotonic_regression(rng):
    for _ in range(50):
        ahead = rng.normal(size=12) + np.linspace(-1, 1, 12)
        above = np.flatnonzero(isotonic_regression(ahead).x > 1e-12)
        assert _start_of_lead(ahead) == (above[0] if len(above) else 12)


@pytest.fixture
def rng():
    return np.random.default_rng(0)
