"""Curves of unequal lengths and grids: values at a cost, common grids and areas, by hand."""

import numpy as np
import pytest
from scipy.integrate import trapezoid

from evorobo import SettingsError
from evorobo.report.statistics import area_under_curve, average_curve, common_grid, evenly_spaced_indices, value_at


def test_the_value_is_that_of_the_last_eval_at_or_before_each_point():
    values = value_at([10, 20, 40], [1, 2, 3], [5, 10, 19, 20, 39.9, 40, 1000])
    assert np.isnan(values[0])
    assert values[1:].tolist() == [1, 1, 2, 2, 3, 3]


def test_a_curve_without_evals_has_no_value():
    assert np.isnan(value_at([], [], [1, 2])).all()


def test_the_last_of_several_evals_at_one_cost_counts():
    assert value_at([10, 10, 20], [1, 2, 3], [10]).tolist() == [2]


def test_runs_with_equal_evals_have_them_as_common_grid():
    x = np.array([1.0, 2.0, 5.0])
    assert common_grid([(x, x), (x, x), (x, x)]).tolist() == [1, 2, 5]


def test_the_common_grid_starts_where_all_have_a_value_and_ends_with_the_last_run():
    grid = common_grid([(np.array([1.0, 4.0]), np.zeros(2)), (np.array([2.0, 3.0, 9.0]), np.zeros(3))])
    assert (grid[0], grid[-1]) == (2, 9)
    assert (np.diff(grid) > 0).all()


def test_runs_that_end_at_slightly_different_costs_are_averaged_eval_by_eval():
    # the last step of a run may exceed the budget, and one run stops early: its evals no longer delay the others
    runs = [(np.array([10.0, 20.0, 30.0]) + luck, np.array([1.0, 2.0, 3.0])) for luck in (0.0, 1.0, 2.0)]
    runs.append((np.array([10.5]), np.array([1.0])))
    assert common_grid(runs).tolist() == [12, 22, 32]
    mean = average_curve(runs[:3])
    assert (mean.x.tolist(), mean.middle.tolist()) == ([12, 22, 32], [1, 2, 3])
    assert average_curve(runs).middle.tolist() == [1, 2, 3]  # the interquartile mean leaves out 1 of (2, 2, 2, 1)


def test_a_long_grid_is_subsampled_and_keeps_its_ends():
    x = np.arange(1.0, 5001.0)
    grid = common_grid([(x, x)])
    assert (len(grid), grid[0], grid[-1]) == (100, 1, 5000)


def test_the_area_is_the_trapezoid_rule_over_the_width():
    x, y = np.array([0.0, 1.0, 3.0, 10.0]), np.array([2.0, 4.0, 4.0, 11.0])
    assert area_under_curve(x, y) == pytest.approx(trapezoid(y, x) / 10, abs=1e-12)
    assert area_under_curve([0, 2], [1, 3]) == 2  # half way up


def test_the_area_until_a_cost_cuts_the_line_or_extends_the_last_score():
    # until 1: from 0 to 1 on the line 2x, mean 1; until 4: (1/2 * 2 * 4 + 2 * 4) / 4 = 3
    assert area_under_curve([0, 2], [0, 4], until=1) == 1
    assert area_under_curve([0, 2], [0, 4], until=4) == 3
    assert area_under_curve([5], [7]) == area_under_curve([5], [7], until=9) == 7


def test_the_area_does_not_depend_on_the_grid():
    assert area_under_curve([0, 4], [0, 8]) == pytest.approx(area_under_curve([0, 1, 2.5, 4], [0, 2, 5, 8]))


def test_an_area_that_ends_before_the_first_eval_raises():
    with pytest.raises(SettingsError, match="ends before the first eval, at 5; give a later end"):
        area_under_curve([5, 6], [1, 1], until=3)


def test_indices_are_spaced_evenly_with_both_ends():
    assert evenly_spaced_indices(5, 10).tolist() == [0, 1, 2, 3, 4]
    assert evenly_spaced_indices(101, 5).tolist() == [0, 25, 50, 75, 100]
    assert len(set(evenly_spaced_indices(57, 40))) == 40
