"""Scores at an equal cost, by hand."""

import pytest

from evorobo import ResultsError, SettingsError
from evorobo.report.analysis import costs
from evorobo.report.analysis.verdicts import verdicts


@pytest.mark.parametrize(
    ("text", "expected"),
    [("env_steps=1e5", ("env_steps", 1e5)), ("seconds=60", ("cpu_seconds", 60)), ("flops = 3", ("flops", 3))],
)
def test_costs_are_parsed(text, expected):
    assert costs.parse_cost(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("env_step=3", "unknown cost column 'env_step'; did you mean 'env_steps'"),
        ("flops", "'flops' is not a cost; write flops=1e5, with a number above 0"),
        ("flops=much", "'flops=much' is not a cost"),
        ("flops=0", "'flops=0' is not a cost"),
        ("flops=nan", "is not a cost"),
    ],
)
def test_an_invalid_cost_raises(text, message):
    with pytest.raises(SettingsError, match=message):
        costs.parse_cost(text)


def test_at_a_cost_every_run_has_its_last_eval_until_then(race):
    table = costs.at_cost(race, "env_steps", 35)
    assert [run.score for run in table.cells["run", "tortoise"].runs] == pytest.approx(
        [3 + seed / 100 for seed in range(8)]
    )
    assert [run.score for run in table.cells["run", "hare"].runs] == pytest.approx(
        [4.5 + seed / 100 for seed in range(8)]
    )
    assert race.cells["run", "tortoise"].runs[0].score == 10  # the table itself is unchanged


def test_the_verdict_depends_on_the_cost(race):
    (early,) = verdicts(costs.at_cost(race, "env_steps", 20))
    (late,) = verdicts(costs.at_cost(race, "env_steps", 80))
    assert (early.first, late.first) == ("hare", "tortoise")


def test_a_run_that_ended_keeps_its_solution_and_is_named(race):
    assert costs.early_end_caution(race, "env_steps", 40) == ""
    assert costs.early_end_caution(race, "env_steps", 80) == (
        "Some runs ended before 80 env steps: hare on run at 40. Their final scores are used."
    )


def test_a_run_that_failed_later_counts_up_to_its_end(fakes, tmp_path):
    fakes.write_study(tmp_path, "race", {"run": {}}, ["ga"])
    rows = [{"env_steps": n, "test": n} for n in (0, 10, 20)]
    for seed, end in enumerate(("finished", "diverged", "unfinished", "failed")):
        fakes.write_run(tmp_path / f"run/ga/seed-{seed}", rows, end)
    table = fakes.load_table(tmp_path)
    assert {run.status for run in costs.at_cost(table, "env_steps", 15).results.runs} == {"finished"}
    statuses = [run.status for run in costs.at_cost(table, "env_steps", 30).results.runs]
    assert statuses == [run.status for run in table.results.runs]


def test_a_cost_before_the_first_eval_raises(fakes, tmp_path):
    fakes.write_study(tmp_path, "race", {"run": {}}, ["ga"])
    fakes.write_run(tmp_path / "run/ga/seed-0", [{"env_steps": 4000, "test": 1}])
    with pytest.raises(ResultsError, match="ga on run has its first eval at 4k env steps and no score at 100"):
        costs.at_cost(fakes.load_table(tmp_path), "env_steps", 100)


def test_a_run_without_an_eval_by_then_is_not_in_the_averages(fakes, tmp_path):
    fakes.write_study(tmp_path, "race", {"run": {}}, ["ga"])
    for seed, first in enumerate((5, 5, 50)):
        fakes.write_run(tmp_path / f"run/ga/seed-{seed}", [{"env_steps": n, "test": n} for n in (first, 90)])
    (tmp_path / "run/ga/seed-3").mkdir()  # started, without an eval
    table = costs.at_cost(fakes.load_table(tmp_path), "env_steps", 10)
    assert [run.status for run in table.results.runs] == ["finished", "finished", "unfinished", "unfinished"]
    assert costs.median_cost_by_method(table, "run", "env_steps") == {"ga": 5}


def test_the_shared_cost_column_is_one_that_all_runs_report(small_table, race):
    assert costs.shared_cost_column(small_table, "CartPole") == "flops"
    assert costs.shared_cost_column(race, "run") == "env_steps"
    assert costs.shared_cost_column(costs.at_cost(race, "env_steps", 5), "run") == ""
