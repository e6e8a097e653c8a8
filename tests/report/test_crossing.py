"""The last crossing of two curves: by hand, and simulated with a known crossing."""

import numpy as np
import pytest

from evorobo.report.statistics import find_crossing

X = np.array([1.0, 2.0, 3.0, 4.0, 5.0])


def runs(*curves):
    return [(X[: len(y)], np.array(y, float)) for y in curves]


def test_the_crossing_is_the_first_eval_after_the_last_one_behind():
    # ahead at 1, behind at 2 and 3, ahead from 4 on
    crossing = find_crossing(runs([3, 0, 0, 5, 5], [3, 0, 0, 5, 5]), runs([2, 2, 2, 2, 2], [2, 2, 2, 2, 2]))
    assert (crossing.cost, crossing.low, crossing.high) == (4, 4, 4)
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
    assert (crossing.cost, crossing.low, crossing.high) == (3, 3, np.inf)


def test_the_interval_repeats_and_holds_the_true_crossing(rng):
    x = np.linspace(1, 20, 39)

    def study():
        rising = [(x, x / 10 + rng.normal(0, 0.15) + rng.normal(0, 0.02, len(x))) for _ in range(15)]
        return rising, [(x, 1 + rng.normal(0, 0.15) + rng.normal(0, 0.02, len(x))) for _ in range(15)]

    one, other = study()
    assert find_crossing(one, other) == find_crossing(one, other)
    crossing = [find_crossing(*study(), n_resamples=300) for _ in range(100)]
    # the curves meet at 10, and the evals are half a unit apart
    held = np.mean([one.low - 0.5 <= 10 <= one.high for one in crossing])
    assert held >= 0.9 - 3 * np.sqrt(0.9 * 0.1 / 100)
    assert np.mean([one.high - one.low for one in crossing]) < 5


@pytest.fixture
def rng():
    return np.random.default_rng(0)
