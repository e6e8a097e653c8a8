"""Verdicts on the cost of reaching a score, where all runs reach it."""

import numpy as np
import pytest

from evorobo import compare
from evorobo.report.analysis.solve_times import solve_time_verdicts, solve_times
from evorobo.report.analysis.summary import summarize
from evorobo.report.analysis.verdicts import verdicts
from evorobo.report.statistics import probability_of_improvement, probability_test


@pytest.fixture
def ceiling(fakes, tmp_path):
    """`ceiling(fast, slow)`: runs that jump from 0 to 500 at their cost; all end at 500 steps."""

    def make(fast, slow, *, references=None, final=500.0, status="finished", **task):
        fakes.write_study(tmp_path, "pole", {"pole": {"references": references or {}, **task}}, ["fast", "slow"])
        for method, costs in (("fast", fast), ("slow", slow)):
            for seed, cost in enumerate(costs):
                rows = [{"env_steps": n, "test": final if n >= cost else 0} for n in range(10, 501, 10)]
                ends = status if (method, seed) == ("fast", 0) else "finished"
                fakes.write_run(tmp_path / f"pole/{method}/seed-{seed}", rows, ends)
        return fakes.load_table(tmp_path)

    return make


FAST, SLOW = [50, 60, 70, 80, 90, 100, 110, 120], [150, 160, 170, 180, 190, 200, 210, 100]


def test_where_all_runs_reach_the_ceiling_the_cost_of_reaching_it_decides(ceiling):
    table = ceiling(FAST, SLOW, references={"solved": 475})
    (verdict,) = solve_time_verdicts(table, verdicts(table), "env_steps")
    p = probability_of_improvement(-np.array(FAST), -np.array(SLOW))
    assert (verdict.first, verdict.threshold, verdict.medians) == ("fast", 475, (85, 175))
    assert verdict.probability == p
    assert verdict.corrected_p == pytest.approx(1.25 * float(probability_test(FAST, SLOW)))
    assert verdict.to_sentence() == (
        f"All runs reach 475, and fast sooner than slow: median 85 against 175 env steps (P = {p.value:.2f}, null "
        f"1/2, interval {p.low:.2f} to {p.high:.2f}, corrected p = {verdict.corrected_p:.2g})."
    )
    assert verdict.to_sentence() in summarize(table).sentences


def test_without_a_threshold_it_is_the_score_that_all_runs_end_with(ceiling):
    table = ceiling(SLOW, FAST)
    (verdict,) = solve_time_verdicts(table, verdicts(table), "env_steps")
    assert (verdict.first, verdict.threshold) == ("slow", 500)


def test_equal_solve_times_are_undecided(ceiling):
    table = ceiling(FAST, FAST)
    (verdict,) = solve_time_verdicts(table, verdicts(table), "env_steps")
    assert not verdict.significant
    assert "is undecided: median 85 against 85 env steps (P = 0.50" in verdict.to_sentence()


def test_a_run_below_the_threshold_or_diverged_means_no_such_verdict(ceiling):
    table = ceiling([*FAST[1:], 9999], SLOW, references={"solved": 475})
    assert solve_time_verdicts(table, verdicts(table), "env_steps") == []


def test_a_diverged_run_never_solves(ceiling):
    table = ceiling(FAST, SLOW, references={"solved": 475}, status="diverged")
    assert solve_time_verdicts(table, verdicts(table), "env_steps") == []
    times = solve_times(table.cells["pole", "fast"], "env_steps", 475, 1)
    assert (times.n_solved, times.n_runs) == (7, 8)


def test_where_lower_is_better_the_threshold_is_reached_from_above(ceiling):
    metric = {"name": "loss", "higher_is_better": False}
    table = ceiling(FAST, SLOW, references={"solved": -400}, final=-500.0, metric=metric)
    (verdict,) = solve_time_verdicts(table, verdicts(table), "env_steps")
    assert (verdict.first, verdict.medians) == ("fast", (85, 175))


def test_a_comparison_says_it_too(ceiling):
    table = ceiling(FAST, SLOW)
    comparison = compare(table.results.folder, threshold=450)
    assert any(
        text.startswith("All runs reach 450, and fast sooner than slow: median") for text in comparison.sentences
    )
