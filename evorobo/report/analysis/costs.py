"""Costs of runs: total costs by method, and results as they were at an equal cost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from evorobo.errors import ResultsError, SettingsError, unknown
from evorobo.report.analysis.runs import cumulative_cost
from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.formatting import COST_LABELS, cost_unit, format_cost, format_number
from evorobo.study.results import Run
from evorobo.tasks.base import FLOPS_COLUMNS

COST_ALIASES = {"seconds": "cpu_seconds"}
"""Short names of cost columns on the command line."""


def parse_cost(text: str) -> tuple[str, float]:
    """The cost column and the amount of a text such as "env_steps=1e5" or "seconds=60" (of CPU time).

    Raises `SettingsError` for any other text.
    """
    name, equals, amount = text.partition("=")
    cost_column = COST_ALIASES.get(name.strip(), name.strip())
    if cost_column not in COST_LABELS:
        raise unknown("cost column", cost_column, [*COST_LABELS, *COST_ALIASES])
    try:
        cost = float(amount)
    except ValueError:
        cost = float("nan")
    if not (equals and 0 < cost < np.inf):
        raise SettingsError(f"{text!r} is not a cost; write {name.strip()}=1e5, with a number above 0.")
    return cost_column, cost


def at_cost(table: StudyTable, cost_column: str, cost: float) -> StudyTable:
    """The table when every run had spent `cost`: curves end there, with the last eval at or before it.

    A run that reached the cost counts, however it ended later. One that finished at a lower cost keeps its solution.
    Raises `ResultsError` where a method has no eval by then.
    """
    for cell in table.cells.values():
        first = [float(cumulative_cost(run, cost_column)[0]) for run in cell.logged if len(run.curve["test"])]
        if first and np.isnan(first).all():
            raise ResultsError(
                f"{cell.method} on {cell.task} does not report its {cost_unit(cost_column)}; choose another cost."
            )
        if first and min(first) > cost:
            raise ResultsError(
                f"{cell.method} on {cell.task} has its first eval at {format_cost(min(first), cost_column)} and no "
                f"score at {format_number(cost)}; choose a higher cost."
            )
    return table.map_runs(lambda run: _cut(run, cost_column, cost) if "test" in run.curve else run)


def _cut(run: Run, cost_column: str, cost: float) -> Run:
    """The run up to `cost`; unfinished where it has no eval by then."""
    costs = cumulative_cost(run, cost_column)
    shown = costs <= cost
    status = "unfinished" if not shown.any() else "finished" if costs[-1] >= cost else run.status
    return replace(run, curve={name: column[shown] for name, column in run.curve.items()}, status=status)


def median_cost_by_method(table: StudyTable, task: str, cost_column: str) -> dict[str, float]:
    """The median total cost of the finished runs by method, without methods that do not report it."""
    cells = table.cells_of(task, lambda cell: cell.finished)
    medians = {method: float(np.median(cell.final_costs(cost_column))) for method, cell in cells.items()}
    return {method: median for method, median in medians.items() if np.isfinite(median)}


def roughly_equal(amounts: Iterable[float]) -> bool:
    """Whether the amounts are within a tenth of each other: the last step may exceed a budget."""
    amounts = list(amounts)
    return not amounts or max(amounts) <= 1.1 * min(amounts)


def early_end_caution(table: StudyTable, cost_column: str, cost: float) -> str:
    """A sentence on the methods that ended before they had spent `cost`; empty if there are none."""
    ended = [
        f"{method} on {task} at {format_number(median)}"
        for task in table.tasks
        for method, median in median_cost_by_method(table, task, cost_column).items()
        if median < cost and not roughly_equal([median, cost])
    ]
    if not ended:
        return ""
    return f"Some runs ended before {format_cost(cost, cost_column)}: {', '.join(ended)}. Their final scores are used."


def shared_cost_column(table: StudyTable, *tasks: str) -> str:
    """A cost column that all finished runs on `tasks` report with a cost above 0; empty where there is none.

    It is "flops" if possible, else the first of the other columns.
    """
    runs = [run for task in tasks for cell in table.cells_of(task).values() for run in cell.finished]
    for cost_column in COST_LABELS:
        needed = set(FLOPS_COLUMNS) if cost_column == "flops" else {cost_column}
        if all(needed <= run.curve.keys() and cumulative_cost(run, cost_column)[-1] > 0 for run in runs):
            return cost_column
    return ""
