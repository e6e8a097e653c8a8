"""The table's numbers are those worked by hand, best first."""

import csv
import io
import math

import pytest

from evorobo.report.analysis.tables import summary_rows, to_csv, to_markdown, to_terminal
from evorobo.report.statistics import bootstrap_interval

SCORES = {"ga": [1, 2, 3, 4, 5, 6, 7, 80], "cma-es": [10, 12, 11, 13]}


def test_the_numbers_are_those_worked_by_hand(tiny_study):
    rows = {row["method"]: row for row in summary_rows(tiny_study(SCORES))}
    ga = rows["ga"]
    assert ga["iqm"] == 4.5  # (3 + 4 + 5 + 6) / 4
    assert ga["mean"] == 13.5  # 108 / 8
    assert (ga["best"], ga["worst"], ga["n"], ga["failed"]) == (80, 1, 8, 0)
    assert (ga["low"], ga["high"]) == pytest.approx(bootstrap_interval(SCORES["ga"]))
    assert (ga["env_steps"], ga["flops"], ga["samples"]) == (50, 30, 0)
    assert rows["cma-es"]["iqm"] == 11.5  # (11 + 12) / 2


def test_best_comes_first_with_the_references_among_them(tiny_study):
    rows = summary_rows(tiny_study(SCORES, references={"random": 0.5, "solved": 11.0, "teacher": 100}))
    assert [row["method"] for row in rows] == ["teacher", "cma-es", "solved", "ga", "random"]
    assert [row["kind"] for row in rows] == ["reference", "method", "reference", "method", "reference"]


def test_where_lower_is_better_the_lowest_is_best(tiny_study):
    task = {"metric": {"name": "RMSE", "higher_is_better": False}, "references": {"random": 6.0}}
    rows = summary_rows(tiny_study(SCORES, **task))
    assert [row["method"] for row in rows] == ["ga", "random", "cma-es"]
    assert (rows[0]["best"], rows[0]["worst"]) == (1, 80)


def test_failed_and_unfinished_runs_are_counted_and_not_averaged(tiny_study):
    results = tiny_study({"ga": [1, 2, 3, -999, 50]}, failed=1, unfinished=1)
    (row,) = summary_rows(results)
    assert (row["n"], row["failed"], row["unfinished"], row["iqm"], row["worst"]) == (3, 1, 1, 2, 1)


def test_diverged_runs_are_counted_apart(tiny_study):
    (row,) = summary_rows(tiny_study({"ga": [1, 2, 3, -999, -888, 50]}, failed=1, diverged=1, unfinished=1))
    assert (row["n"], row["failed"], row["diverged"], row["unfinished"], row["iqm"]) == (3, 1, 1, 1, 2)


def test_a_method_that_always_failed_is_listed_last_without_numbers(tiny_study):
    rows = summary_rows(tiny_study({"ga": [9], "cma-es": [1, 2]}, failed=1))
    assert [row["method"] for row in rows] == ["cma-es", "ga"]
    assert rows[1]["n"] == 0
    assert math.isnan(rows[1]["iqm"])
    assert "nan" not in to_terminal(rows) + to_csv(rows)


def test_a_finished_run_without_a_score_counts_as_failed(tiny_study):
    (row,) = summary_rows(tiny_study({"ga": [1, 2, math.nan]}))
    assert (row["n"], row["failed"], row["iqm"]) == (2, 1, 1.5)


def test_csv_reads_back_to_the_same_numbers(tiny_study):
    rows = summary_rows(tiny_study(SCORES, references={"random": 1 / 3}))
    read = list(csv.DictReader(io.StringIO(to_csv(rows))))
    assert list(read[0]) == list(rows[0])
    for row, back in zip(rows, read, strict=True):
        for key, cell in row.items():
            if isinstance(cell, str):
                assert back[key] == cell
            else:
                assert (math.nan if back[key] == "" else float(back[key])) == pytest.approx(cell, rel=0, nan_ok=True)


def test_markdown_escapes_the_bar_that_would_end_a_cell(tiny_study):
    table = to_markdown(summary_rows(tiny_study(SCORES))).splitlines()
    assert "reach\\|grasp" in table[2]
    assert {line.replace("\\|", "").count("|") for line in table[:4]} == {12}


def test_the_terminal_says_it_shortly(tiny_study):
    table = to_terminal(summary_rows(tiny_study(SCORES, references={"random": 1.0})))
    assert table.splitlines()[2].split() == (
        ["reach|grasp", "cma-es", "11.50", "10.00", "to", "13.00", "13.00", "10.00", "4", "50", "0", "30", "0", "s"]
    )
    assert "(random)" in table


def test_nothing_run_yet_makes_an_empty_table(tiny_study):
    assert summary_rows(tiny_study({})) == []
    assert to_csv([]).strip() == ""
    assert "task" in to_terminal([])


def test_a_task_whose_scores_flatter_says_so_in_the_table_of_numbers(tiny_study):
    rows = summary_rows(tiny_study({"ga": list(range(10))}, caution="Its test rows are known."))
    assert [row["caution"] for row in csv.DictReader(io.StringIO(to_csv(rows)))] == ["Its test rows are known."]
