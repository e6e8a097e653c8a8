"""Numbers and sentences as figures and tables show them."""

import pytest

from evorobo.report.formatting import (
    decimals,
    excluded_runs_caution,
    few_runs_caution,
    format_duration,
    format_number,
    metric_label,
)
from evorobo.tasks.base import MetricInfo


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.012345, "0.0123"), (475, "475"), (999.4, "999"), (999.9, "1k"), (1000, "1k"), (1.2e6, "1.2M"),
     (-52_000, "-52k"), (2.2e9, "2.2G"), (3.14159e15, "3.14P"), (float("nan"), "-")],
)  # fmt: skip
def test_numbers_are_short(value, text):
    assert format_number(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.012, "0.012 s"), (12, "12 s"), (59.9, "60 s"), (210, "3.5 min"), (7560, "2.1 h")]
)
def test_durations_have_a_unit_that_fits(seconds, text):
    assert format_duration(seconds) == text


def test_decimals_show_four_digits_of_the_largest():
    assert [decimals([value]) for value in (0.012, 1.5, 61, 475, 3344, 1e6)] == [5, 3, 2, 1, 0, 0]
    assert decimals([]) == decimals([0.0]) == 1


def test_the_score_axis_says_which_direction_is_better():
    assert metric_label(MetricInfo("light collected", "J")) == "test light collected [J]\nhigher is better →"
    assert metric_label(MetricInfo("RMSE", higher_is_better=False)) == "test RMSE\n← lower is better"


def test_few_runs_have_a_caution_with_the_coverage_of_their_interval():
    assert few_runs_caution(6) == few_runs_caution(10) == few_runs_caution(0) == ""
    assert few_runs_caution(1) == "A single run has no interval; run 10 seeds or more before you decide."
    least = "Fewer than 6 runs decide nothing; run 10 seeds or more."
    for n, share in ((2, "50%"), (3, "75%"), (4, "88%")):
        assert few_runs_caution(n) == (
            f"With only {n} runs the intervals are too narrow: a 95% interval contains the true value in about {share} "
            f"of cases. {least}"
        )
    assert few_runs_caution(5) == f"There are only 5 runs. {least}"


def test_excluded_runs_are_counted():
    assert excluded_runs_caution(0, 0, 0, 30) == ""
    assert excluded_runs_caution(2, 0, 0, 30) == "2 of 30 runs failed and are left out; verdicts are withheld."
    assert excluded_runs_caution(1, 2, 0, 30) == (
        "1 of 30 runs failed and is left out; verdicts are withheld. "
        "2 of 30 runs diverged: the worst in IQM and verdicts, not in average curves."
    )
    assert excluded_runs_caution(1, 0, 3, 30).endswith(
        "is left out; verdicts are withheld. 3 of 30 runs are unfinished and not in the averages."
    )
