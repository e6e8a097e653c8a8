"""The scores of each method in more numbers: mean, median, best, area under the curve, cost of reaching a threshold."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from evorobo.printable import wrapped
from evorobo.report.analysis.costs import median_cost_by_method
from evorobo.report.analysis.solve_times import solve_times, task_threshold
from evorobo.report.analysis.study_table import Cell, StudyTable
from evorobo.report.analysis.terminal_table import terminal_table
from evorobo.report.formatting import cost_unit, decimals, format_number
from evorobo.report.statistics import area_under_curve, expected_running_time, kaplan_meier

Row: TypeAlias = dict[str, Any]


def score_rows(table: StudyTable, cost_column: str, threshold: float | None = None) -> list[Row]:
    """A row for each task and method with finished runs; costs are in `cost_column`, missing numbers are NaN.

    `best` is the mean of the best evals of the runs, which is biased upwards. `area` is the mean area under the curve
    up to the lowest total cost of the methods. `solved` counts the runs that reached `threshold`, by default the task's
    "solved" or else "teacher" score. `median_cost_to_solve` is the Kaplan-Meier median, and `expected_running_time` the
    mean cost of a success; both are infinite if the threshold is never reached.
    """
    rows = []
    for task in table.tasks:
        cells = table.cells_of(task, lambda cell: cell.finished)
        costs = median_cost_by_method(table, task, cost_column)
        score = task_threshold(table, task, threshold)
        for method, cell in cells.items():
            numbers = _score_numbers(cell, cost_column, table.sign(task), min(costs.values()), score)
            rows.append({"task": task, "method": method, "cost": costs[method], **numbers})
    return rows


def to_terminal(rows: Sequence[Row], cost_column: str, width: int | None = None) -> str:
    """The table for a terminal of this width; an empty string without rows."""
    if not rows:
        return ""
    header, lines, note = table_cells(rows, cost_column)
    expected, spent = header[-1], header[3]
    droppable = ["area", "best eval", "median", expected, "solved", spent]
    table = terminal_table(lines, header, ["left", "left", *["right"] * 10], width, droppable)
    return "\n".join(filter(None, [table, wrapped(note, width)]))


def table_cells(rows: Sequence[Row], cost_column: str) -> tuple[list[str], list[list[str]], str]:
    """The header of the table, its rows as text, and what stands below it."""
    tasks = dict.fromkeys(row["task"] for row in rows)
    n_decimals = {task: decimals([row["iqm"] for row in rows if row["task"] == task]) for task in tasks}

    def score(row: Row, name: str) -> str:
        if np.isinf(row[name]):
            return "diverged"
        return "" if np.isnan(row[name]) else f"{row[name]:z.{n_decimals[row['task']]}f}"

    def cost(value: float) -> str:
        return "" if np.isnan(value) else "never" if np.isinf(value) else format_number(value)

    unit = cost_unit(cost_column)
    header = ["task", "method", "n", f"{unit} spent", "mean", "IQM", "95% interval", "median", "best eval", "area"]
    header += ["solved", f"expected {unit}"]
    lines = [
        [
            row["task"], row["method"], str(row["n"]), cost(row["cost"]), score(row, "mean"), score(row, "iqm"),
            "" if np.isnan(row["low"]) else f"{score(row, 'low')} to {score(row, 'high')}",
            *(score(row, name) for name in ("median", "best", "area")),
            "" if np.isnan(row["threshold"]) else f"{row['solved']} of {row['n']}", cost(row["expected_running_time"]),
        ]
        for row in rows
    ]  # fmt: skip
    thresholds = {row["task"]: score(row, "threshold") for row in rows if not np.isnan(row["threshold"])}
    if not thresholds:
        return header, lines, ""
    named = " and ".join(f"{value} on {task}" for task, value in thresholds.items())
    return header, lines, f"Solved: some eval reached {named} or better; expected: mean {unit} per success."


def to_csv(rows: Sequence[Row]) -> str:
    """All columns with all digits; empty cells where there is no number."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    writer.writerows({key: "" if cell != cell else cell for key, cell in row.items()} for row in rows)
    return text.getvalue()


def _score_numbers(cell: Cell, cost_column: str, sign: int, until: float, threshold: float | None) -> Row:
    curves = cell.curves(cost_column)
    low, high = cell.interval
    row = {
        "n": len(cell.counted),
        "mean": cell.mean,
        "iqm": cell.iqm,
        "low": low,
        "high": high,
        "median": float(np.median(cell.outcomes)),
        "best": float(np.mean([sign * np.max(sign * y) for _, y in curves])),
        "area": float(np.mean([area_under_curve(x, y, max(until, x[0])) for x, y in curves])),
        **dict.fromkeys(("threshold", "solved", "median_cost_to_solve", "expected_running_time"), float("nan")),
    }
    if threshold is not None:
        times = solve_times(cell, cost_column, threshold, sign)
        row |= {
            "threshold": threshold,
            "solved": times.n_solved,
            "median_cost_to_solve": kaplan_meier(times).median,
            "expected_running_time": expected_running_time(times),
        }
    return row
