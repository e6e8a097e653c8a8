"""The summary table: its numbers by hand, the best method first."""

import csv
import io
import math

import pytest

from evorobo.report.analysis.tables import summary_rows, to_csv, to_markdown, to_terminal
from evorobo.report.statistics import bootstrap_interval

SCORES = {"ga": [1, 2, 3, 4, 5, 6, 7, 80], "cma-es": [10, 12, 11, 13]}


def test_the_numbers_by_hand(tiny_table):
    rows = {row["method"]: row for row in summary_rows(tiny_table(SCORES))}
    ga = rows["ga"]
    assert ga["iqm"] == 4.5  # (3 + 4 + 5 + 6) / 4
    assert ga["mean"] == 13.5  # 108 / 8
    assert (ga["best"], ga["worst"], ga["n"], ga["failed"]) == (80, 1, 8, 0)
    assert (ga["low"], ga["high"]) == pytest.approx(bootstrap_interval(SCORES["ga"]))
    assert (ga["env_steps"], ga["flops"], ga["samples"]) == (50, 30, 0)
    assert rows["cma-es"]["iqm"] == 11.5  # (11 + 12) / 2


def test_the_best_is_first_and_references_are_sorted_among_the_methods(tiny_table):
    rows = summary_rows(tiny_table(SCORES, references={"random": 0.5, "solved": 11.0, "teacher": 100}))
    assert [row["method"] for row in rows] == ["teacher", "cma-es", "solved", "ga", "random"]
    assert [row["kind"] for row in rows] == ["reference", "method", "reference", "method", "reference"]


def test_where_lower_is_better_the_lowest_is_best(tiny_table):
    task = {"metric": {"name": "RMSE", "higher_is_better": False}, "references": {"random": 6.0}}
    rows = summary_rows(tiny_table(SCORES, **task))
    assert [row["method"] for row in rows] == ["ga", "random", "cma-es"]
    assert (rows[0]["best"], rows[0]["worst"]) == (1, 80)


def test_failed_and_unfinished_runs_are_counted_and_not_averaged(tiny_table):
    table = tiny_table({"ga": [1, 2, 3, -999, 50]}, failed=1, unfinished=1)
    (row,) = summary_rows(table)
    assert (row["n"], row["failed"], row["unfinished"], row["iqm"], row["worst"]) == (3, 1, 1, 2, 1)


def test_diverged_runs_are_counted_separately(tiny_table):
    (row,) = summary_rows(tiny_table({"ga": [1, 2, 3, -999, -888, 50]}, failed=1, diverged=1, unfinished=1))
    assert (row["n"], row["failed"], row["diverged"], row["unfinished"], row["iqm"]) == (4, 1, 1, 1, 1.5)
    assert math.isnan(row["mean"])  # not defined
    assert row["worst"] == -math.inf


def test_a_method_that_always_failed_is_listed_last_without_numbers(tiny_table):
    rows = summary_rows(tiny_table({"ga": [9], "cma-es": [1, 2]}, failed=1))
    assert [row["method"] for row in rows] == ["cma-es", "ga"]
    assert rows[1]["n"] == 0
    assert math.isnan(rows[1]["iqm"])
    assert "nan" not in to_terminal(rows) + to_csv(rows)


def test_a_finished_run_without_a_score_counts_as_failed(tiny_table):
    (row,) = summary_rows(tiny_table({"ga": [1, 2, math.nan]}))
    assert (row["n"], row["failed"], row["iqm"]) == (2, 1, 1.5)


def test_csv_reads_back_to_the_same_numbers(tiny_table):
    rows = summary_rows(tiny_table(SCORES, references={"random": 1 / 3}))
    read = list(csv.DictReader(io.StringIO(to_csv(rows))))
    assert list(read[0]) == list(rows[0])
    for row, back in zip(rows, read, strict=True):
        for key, cell in row.items():
            if isinstance(cell, str):
                assert back[key] == cell
            else:
                assert (math.nan if back[key] == "" else float(back[key])) == pytest.approx(cell, rel=0, nan_ok=True)


def test_tables_say_that_evals_are_free_and_which_operations_count(tiny_table):
    rows = summary_rows(tiny_table(SCORES))
    for text in (to_terminal(rows), to_markdown(rows)):
        note = text.split("\n\n")[-1]
        assert note.startswith("Evaluations (validation and test) are free for all methods.")
        assert "updates by the strategy or the optimizer" in note


def test_markdown_escapes_vertical_bars(tiny_table):
    rows = [{**row, "task": "reach|grasp"} for row in summary_rows(tiny_table(SCORES))]
    table = to_markdown(rows).splitlines()
    assert "reach\\|grasp" in table[2]
    assert {line.replace("\\|", "").count("|") for line in table[:4]} == {12}


def test_the_terminal_shows_short_numbers(tiny_table):
    table = to_terminal(summary_rows(tiny_table(SCORES, references={"random": 1.0})))
    assert table.splitlines()[2].split() == (
        ["reach-grasp", "cma-es", "11.50", "10.00", "to", "13.00", "13.00", "10.00", "4", "50", "0", "30", "0", "s"]
    )
    assert "(random)" in table


def test_the_operations_of_robots_are_beside_flops_only_where_there_are_any(tiny_table):
    rows = summary_rows(tiny_table(SCORES, references={"random": 1.0}))
    assert "robot FLOPs" not in to_terminal(rows) + to_markdown(rows)  # the runs report 0, the reference none
    rows = [{**row, "robot_flops": row["robot_flops"] + 2500} for row in rows]
    lines = [[cell.strip() for cell in line.split("|")] for line in to_markdown(rows).splitlines()]
    assert lines[0][-4:-1] == ["FLOPs", "robot FLOPs", "CPU"]
    assert [line[-4:-2] for line in lines[2:5]] == [["30", "2.5k"], ["30", "2.5k"], ["", ""]]
    assert "2.5k" in to_terminal(rows)
    assert max(map(len, to_terminal(rows, 80).splitlines())) <= 80
    assert "There is no room for: best, worst, env steps, robot FLOPs." in to_terminal(rows, 80)


def test_a_study_without_runs_has_an_empty_table(tiny_table):
    assert summary_rows(tiny_table({})) == []
    assert to_csv([]).strip() == ""
    assert "task" in to_terminal([])


def test_the_caution_of_a_task_is_in_the_csv(tiny_table):
    rows = summary_rows(tiny_table({"ga": list(range(10))}, caution="Its test rows are known."))
    assert [row["caution"] for row in csv.DictReader(io.StringIO(to_csv(rows)))] == ["Its test rows are known."]
