"""Scales of the axes."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from evorobo import SettingsError
from evorobo.report.figures.scales import scale_cost, scale_score, score_range, separate


@pytest.fixture
def axes():
    return Figure().subplots()


@pytest.mark.parametrize(("lowest", "highest"), [(1, 1), (7, 20), (1e3, 3e4), (1e2, 1e12)])
def test_a_cost_axis_holds_all_and_has_a_few_labels(axes, lowest, highest):
    scale_cost(axes, lowest, highest, log=True)
    left, right = axes.get_xlim()
    assert left < lowest <= highest < right
    ticks = [tick for tick in axes.get_xticks() if left <= tick <= right]
    assert 1 <= len(ticks) <= 7


def test_constant_scores_are_in_the_middle():
    shown = score_range(np.full(9, -200.0), [-200.0], True)
    assert shown.low < -200 < shown.high
    assert shown.low + shown.high == pytest.approx(-400)


def test_a_loss_over_powers_of_ten_has_a_log_scale_and_a_return_has_not(axes):
    values = np.geomspace(1e-4, 10, 20)
    assert not score_range(values, [1e-4], True).log
    shown = score_range(values, [1e-4], False)
    assert (shown.log, shown.remark) == (True, "")
    scale_score(axes, shown)
    assert axes.get_yscale() == "log"
    assert axes.get_ylim() == (shown.low, shown.high)


def test_given_limits_decide_and_what_lies_outside_is_counted():
    shown = score_range(np.array([1.0, 5.0, 50.0]), [200.0], True, (0.0, 10.0))
    assert (shown.low, shown.high, shown.remark) == (0, 10, "1 of 3 evals lie outside the figure (from 1 to 200).")


def test_a_logarithmic_axis_needs_scores_above_zero():
    assert score_range(np.array([1.0, 5.0]), [], True, log=True).log
    with pytest.raises(SettingsError, match="the lowest score is -3, and a logarithmic axis shows scores above 0 only"):
        score_range(np.array([-3.0, 5.0]), [], True, log=True)


def test_labels_are_moved_apart_as_little_as_possible():
    assert separate([0.1, 0.9], 0.2) == pytest.approx([0.1, 0.9])
    assert separate([0.5, 0.5], 0.2) == pytest.approx([0.4, 0.6])
    assert separate([0.62, 0.6, 0.61, 0.1], 0.1) == pytest.approx([0.71, 0.51, 0.61, 0.1])
    assert separate([], 0.1) == []
