"""The numbers of each method, by hand on two short curves."""

import csv
import io

import numpy as np
import pytest

from evorobo.report.analysis.scores import score_rows, to_csv, to_terminal


@pytest.fixture
def study(fakes, tmp_path):
    """Evals at 0, 10 and 20 steps: `up` scores 0, 4, 6 and 0, 8, 4; `flat` scores 1, 1 and ends at 10."""
    fakes.write_study(
        tmp_path, "race", {"run": {"references": {"random": 0, "teacher": 7, "solved": 6}}}, ["up", "flat"]
    )
    for seed, scores in enumerate(((0, 4, 6), (0, 8, 4))):
        rows = [{"env_steps": 10 * n, "test": score} for n, score in enumerate(scores)]
        fakes.write_run(tmp_path / f"run/up/seed-{seed}", rows)
    fakes.write_run(tmp_path / "run/flat/seed-0", [{"env_steps": n, "test": 1} for n in (0, 10)])
    return fakes.load_table(tmp_path)


def test_the_numbers_by_hand(study):
    up, flat = score_rows(study, "env_steps")
    assert (up["method"], up["n"], up["cost"]) == ("up", 2, 20)
    assert (up["mean"], up["median"], up["iqm"]) == (5, 5, 5)
    assert up["best"] == 7  # of 6 and 8
    assert up["area"] == 3  # up to 10, where flat ended: the means are 2 and 4
    # "solved" is 6: reached after 20 and after 10, so that one success costs 30 / 2
    assert (up["threshold"], up["solved"], up["median_cost_to_solve"], up["expected_running_time"]) == (6, 2, 10, 15)
    assert (flat["mean"], flat["area"], flat["solved"], flat["expected_running_time"]) == (1, 1, 0, np.inf)
    assert np.isnan(flat["low"])


def test_the_threshold_can_be_chosen(study):
    up, _ = score_rows(study, "env_steps", threshold=8)
    # one run after 10; the other one not by 20
    assert (up["solved"], up["expected_running_time"], up["median_cost_to_solve"]) == (1, 30, 10)


def test_a_loss_is_solved_and_best_when_low(fakes, tmp_path):
    task = {"metric": {"name": "RMSE", "higher_is_better": False}, "references": {"teacher": 2}}
    fakes.write_study(tmp_path, "fit", {"arm": task}, ["ga"])
    fakes.write_run(tmp_path / "arm/ga/seed-0", [{"env_steps": n, "test": 5 - n} for n in range(5)])
    (row,) = score_rows(fakes.load_table(tmp_path), "env_steps")
    assert (row["best"], row["threshold"], row["expected_running_time"]) == (1, 2, 3)


def test_without_a_threshold_nothing_is_solved(tiny_table):
    (row,) = score_rows(tiny_table({"ga": [1, 2, 3]}), "env_steps")
    assert np.isnan([row["threshold"], row["solved"], row["expected_running_time"]]).all()
    assert "Solved" not in to_terminal([row], "env_steps")


def test_the_terminal_shows_solved_runs_and_never(study):
    rows = score_rows(study, "env_steps")
    up, flat = to_terminal(rows, "env_steps").splitlines()[2:4]
    assert up.split()[-4:] == ["2", "of", "2", "15"]
    assert flat.split()[-4:] == ["0", "of", "1", "never"]
    assert "Solved: some eval reached 6.000 on run or better" in to_terminal(rows, "env_steps")


def test_the_csv_reads_back_to_the_same_numbers(study):
    rows = score_rows(study, "env_steps")
    for row, back in zip(rows, csv.DictReader(io.StringIO(to_csv(rows))), strict=True):
        assert float(back["expected_running_time"]) == row["expected_running_time"]
        assert float(back["mean"]) == row["mean"]
    assert back["low"] == ""
