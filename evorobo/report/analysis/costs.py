"""Prices: what everybody paid, and what each run was worth when it had paid so much."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from evorobo.errors import ResultsError, SettingsError, unknown
from evorobo.report import formatting as wording
from evorobo.report.analysis import runs
from evorobo.study.results import Results, Run

COST_ALIASES = {"seconds": "cpu_seconds"}
"""What people say for a column of the ledger."""


def parse_cost(text: str) -> tuple[str, float]:
    """A price from the command line: "env_steps=1e5", "seconds=60" (of CPU time). Raises `SettingsError`."""
    name, equals, amount = text.partition("=")
    cost_column = COST_ALIASES.get(name.strip(), name.strip())
    if cost_column not in wording.COST_LABELS:
        raise unknown("cost column", cost_column, [*wording.COST_LABELS, *COST_ALIASES])
    try:
        cost = float(amount)
    except ValueError:
        cost = float("nan")
    if not (equals and 0 < cost < np.inf):
        raise SettingsError(f"{text!r} is no price; write {name.strip()}=1e5, a number above 0.")
    return cost_column, cost


def at_cost(results: Results, cost_column: str, cost: float) -> Results:
    """`results` as they were when every run had paid `price`: curves end there, with the last look at or before it.

    A run that reached the price counts whatever became of it later; one that finished for less keeps its answer, at
    what it paid. Raises `ResultsError` where a method was never looked at by then.
    """
    then = replace(
        results, runs=[_until(run, cost_column, cost) if "test" in run.curve else run for run in results.runs]
    )
    for task, method, cell in results.cells():
        first = [float(runs.cumulative_cost(run, cost_column)[0]) for run in cell if len(run.curve["test"])]
        if first and np.isnan(first).all():
            raise ResultsError(
                f"{method} on {task} does not tell its {wording.cost_unit(cost_column)}; ask for another price."
            )
        if first and min(first) > cost:
            raise ResultsError(
                f"{method} on {task} was first looked at after {wording.format_cost(min(first), cost_column)}, and no score of "
                f"it is known at {wording.format_number(cost)}; ask for a higher price."
            )
    return then


def median_cost_by_method(results: Results, task: str, cost_column: str) -> dict[str, float]:
    """What the median run of each method of a task paid in all; without those who do not tell."""
    cells = {method: runs.finished(results.runs_of(task, method)) for method in results.methods}
    medians = {
        method: float(np.median([runs.cumulative_cost(run, cost_column)[-1] for run in cell]))
        for method, cell in cells.items()
        if cell
    }
    return {method: paid for method, paid in medians.items() if np.isfinite(paid)}


def roughly_equal(amounts: Iterable[float]) -> bool:
    """Whether they are one price: within a tenth of each other, as a budget's last step may overshoot."""
    paid = list(amounts)
    return not paid or max(paid) <= 1.1 * min(paid)


def select_results(results: Results, task: str, methods: Iterable[str]) -> Results:
    """One task of `results`, and of it these methods."""
    wanted = [method for method in results.methods if method in methods]
    runs_of = [run for run in results.runs if run.task == task and run.method in wanted]
    return replace(results, tasks=[task], methods=wanted, runs=runs_of)


def early_end_caution(results: Results, cost_column: str, cost: float) -> str:
    """Which methods of `results`, uncut, ended before `price` and are compared with the answer they had kept."""
    ended = [
        f"{method} on {task} after {wording.format_number(paid)}"
        for task in results.tasks
        for method, paid in median_cost_by_method(results, task, cost_column).items()
        if paid < cost and not roughly_equal([paid, cost])
    ]
    if not ended:
        return ""
    return f"Not everybody spent {wording.format_cost(cost, cost_column)}: {', '.join(ended)} had ended, and kept the answer."


def shared_cost_column(results: Results, *tasks: str) -> str:
    """What all runs on `tasks` spend: FLOPs where logs have them, else the first column that all have paid in; empty
    where there is none."""
    spenders = [run for run in runs.finished(results.runs) if run.task in tasks]
    for cost_column in wording.COST_LABELS:
        needed = ("forward_flops", "backward_flops") if cost_column == "flops" else (cost_column,)
        if all(set(needed) <= run.curve.keys() and runs.cumulative_cost(run, cost_column)[-1] > 0 for run in spenders):
            return cost_column
    return ""


def _until(run: Run, cost_column: str, cost: float) -> Run:
    """The run up to `price`: unfinished where it had not been looked at by then."""
    paid = runs.cumulative_cost(run, cost_column)
    seen = paid <= cost
    status = "unfinished" if not seen.any() else "finished" if paid[-1] >= cost else run.status
    return replace(run, curve={name: column[seen] for name, column in run.curve.items()}, status=status)
