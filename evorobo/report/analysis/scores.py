"""Each method in more numbers than its last score: mean, median, best, area under the curve, how soon it solved."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from tabulate import tabulate

from evorobo.report import formatting as wording
from evorobo.report.analysis import runs
from evorobo.report.analysis.costs import median_cost_by_method
from evorobo.report.statistics import (
    area_under_curve,
    bootstrap_interval,
    expected_running_time,
    iqm,
    kaplan_meier,
    time_to_threshold,
)
from evorobo.study.results import Results, Run

Row: TypeAlias = dict[str, Any]


def score_summary(results: Results, cost_column: str, threshold: float | None = None) -> list[Row]:
    """A row for each task and method with runs that count, prices in `currency`.

    `best` is the mean of the best evals of the runs, which chance flatters; `area` the mean of their areas under the
    curve up to the price that the slowest spender reached. `solved` runs of `attempted` came up to `threshold`, by
    default the task's "solved" or else "teacher" score; `half_solved` is the price at which half of them had
    (Kaplan-Meier) and `expected` the expected running time, infinite for never. NaN where there is no number.
    """
    rows = []
    for task in results.tasks:
        cells = {method: runs.finished(results.runs_of(task, method)) for method in results.methods}
        cells = {method: cell for method, cell in cells.items() if cell}
        paid = median_cost_by_method(results, task, cost_column)
        references = results.references[task]
        wanted = threshold if threshold is not None else references.get("solved", references.get("teacher"))
        for method, cell in cells.items():
            row = _measured(cell, cost_column, results.metrics[task].higher_is_better, min(paid.values()), wanted)
            rows.append({"task": task, "method": method, "cost": paid[method], **row})
    return rows


def to_terminal(rows: Sequence[Row], cost_column: str) -> str:
    """The table for people."""
    if not rows:
        return ""
    places = {task: wording.decimals([row["iqm"] for row in rows if row["task"] == task]) for task in _tasks(rows)}

    def score(row: Row, name: str) -> str:
        return "" if np.isnan(row[name]) else f"{row[name]:z.{places[row['task']]}f}"

    def paid(value: float) -> str:
        return "" if np.isnan(value) else "never" if np.isinf(value) else wording.format_number(value)

    unit = wording.cost_unit(cost_column)
    header = ["task", "method", "n", f"{unit} spent", "mean", "IQM", "95% interval", "median", "best eval", "area"]
    header += ["solved", f"expected {unit}"]
    table = [
        [
            row["task"], row["method"], str(row["n"]), paid(row["cost"]), score(row, "mean"), score(row, "iqm"),
            "" if np.isnan(row["low"]) else f"{score(row, 'low')} to {score(row, 'high')}",
            *(score(row, name) for name in ("median", "best", "area")),
            "" if np.isnan(row["threshold"]) else f"{row['solved']} of {row['n']}", paid(row["expected_running_time"]),
        ]
        for row in rows
    ]  # fmt: skip
    sides = ["left", "left", *["right"] * 10]
    text = tabulate(table, header, "simple", colalign=sides, disable_numparse=True)
    wanted = {row["task"]: score(row, "threshold") for row in rows if not np.isnan(row["threshold"])}
    if not wanted:
        return text
    named = " and ".join(f"{value} on {task}" for task, value in wanted.items())
    return f"{text}\nSolved: ever seen at {named} or better; expected: {unit} for one such success."


def to_csv(rows: Sequence[Row]) -> str:
    """All columns, all digits; empty where there is no number."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: "" if cell != cell else cell for key, cell in row.items()} for row in rows)
    return text.getvalue()


def _tasks(rows: Sequence[Row]) -> list[str]:
    return list(dict.fromkeys(row["task"] for row in rows))


def _measured(
    cell: list[Run], cost_column: str, higher_is_better: bool, until: float, threshold: float | None
) -> dict[str, Any]:
    scores = np.array([run.score for run in cell])
    curves = [curve for run in cell if len((curve := runs.learning_curve(run, cost_column, False))[0])]
    best = np.max if higher_is_better else np.min
    low, high = bootstrap_interval(scores)
    row = {
        "n": len(cell),
        "mean": float(scores.mean()),
        "iqm": float(iqm(scores)),
        "low": float(low),
        "high": float(high),
        "median": float(np.median(scores)),
        "best": float(np.mean([best(y) for _, y in curves])),
        "area": float(np.mean([area_under_curve(x, y, max(until, x[0])) for x, y in curves])),
        **dict.fromkeys(("threshold", "solved", "median_cost_to_solve", "expected_running_time"), float("nan")),
    }
    if threshold is not None:
        times = time_to_threshold(curves, threshold, higher_is_better)
        row |= {"threshold": threshold, "solved": times.n_solved}
        row |= {
            "median_cost_to_solve": kaplan_meier(times).median,
            "expected_running_time": expected_running_time(times),
        }
    return row
