"""The numbers of a study: one row for each task and method, best first, with the scores to compare them with."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from tabulate import tabulate

from evorobo.report import formatting as wording
from evorobo.report.analysis import runs
from evorobo.report.statistics import bootstrap_interval, iqm
from evorobo.study.results import Results, Run

Row: TypeAlias = dict[str, Any]

_COSTS = ("env_steps", "episodes", "samples", "flops", "cpu_seconds", "wall_seconds")


def summary_rows(results: Results) -> list[Row]:
    """Final test scores and mean costs over the finished runs, by task, best first; NaN for what there is not.

    References ("random", "teacher", ...) are rows too, with `kind` "reference", in their place among the methods.
    """
    rows = []
    for task in results.tasks:
        sign = -1 if results.metrics[task].higher_is_better else 1
        of_task = [_reference(task, name, value) for name, value in results.references[task].items()]
        of_task += [
            _measured(task, method, cell, sign)
            for method in results.methods
            if (cell := [run for run in results.runs if (run.task, run.method) == (task, method)])
        ]
        # NaN, a method without a finished run, goes last
        for row in of_task:
            row["caution"] = results.cautions.get(task, "")
        rows += sorted(of_task, key=lambda row: (np.isnan(row["iqm"]), sign * row["iqm"]))
    return rows


def to_terminal(rows: Sequence[Row]) -> str:
    """The table as people read it on a terminal."""
    return tabulate(format_cells(rows, str), COLUMN_TITLES, "simple", colalign=_SIDES, disable_numparse=True)


def to_markdown(rows: Sequence[Row]) -> str:
    """The same table in Markdown."""
    return tabulate(format_cells(rows, _escaped), COLUMN_TITLES, "pipe", colalign=_SIDES, disable_numparse=True)


def to_csv(rows: Sequence[Row]) -> str:
    """All columns, all digits; empty where there is no number."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({key: "" if isinstance(cell, float) and np.isnan(cell) else cell for key, cell in row.items()})
    return text.getvalue()


def _measured(task: str, method: str, cell: list[Run], sign: int) -> Row:
    counted = runs.finished(cell)
    scores = [run.score for run in counted] or [np.nan]
    low, high = bootstrap_interval(scores)
    best, worst = (max(scores), min(scores)) if sign < 0 else (min(scores), max(scores))
    costs = {name: [runs.cumulative_cost(run, name)[-1] for run in counted] or [np.nan] for name in _COSTS}
    return {
        "task": task,
        "method": method,
        "kind": "method",
        "iqm": float(iqm(scores)),
        "low": float(low),
        "high": float(high),
        "mean": float(np.mean(scores)),
        "best": best,
        "worst": worst,
        "n": len(counted),
        "failed": len(runs.failed(cell)),
        "diverged": len(runs.diverged(cell)),
        "unfinished": len(runs.unfinished(cell)),
        **{name: float(np.mean(values)) for name, values in costs.items()},
    }


def _reference(task: str, name: str, value: float) -> Row:
    nothing = dict.fromkeys(("low", "high", "mean", "best", "worst"), np.nan)
    counts = dict.fromkeys(("n", "failed", "diverged", "unfinished"), 0)
    costs = dict.fromkeys(_COSTS, np.nan)
    return {"task": task, "method": name, "kind": "reference", "iqm": float(value), **nothing, **counts, **costs}


COLUMN_TITLES = [
    "task",
    "method",
    "test IQM",
    "95% interval",
    "best",
    "worst",
    "n",
    "env steps",
    "samples",
    "FLOPs",
    "CPU",
]
_SIDES = ["left", "left", *["right"] * 9]


def format_cells(rows: Sequence[Row], name: Callable[[str], str]) -> list[list[str]]:
    """The rows as text; a task is named once, and a reference stands in brackets."""
    table, before = [], None
    for row in rows:
        of_task = [other for other in rows if other["task"] == row["task"]]
        places = wording.decimals([other["iqm"] for other in of_task])

        def score(value: float, places: int = places) -> str:
            return "" if np.isnan(value) else f"{value:z.{places}f}"

        method = name(row["method"])
        table.append(
            [
                name(row["task"]) if row["task"] != before else "",
                f"({method})" if row["kind"] == "reference" else method,
                score(row["iqm"]),
                "" if np.isnan(row["low"]) else f"{score(row['low'])} to {score(row['high'])}",
                score(row["best"]),
                score(row["worst"]),
                str(row["n"]) if row["kind"] == "method" else "",
                *(
                    "" if np.isnan(row[key]) else wording.format_number(row[key])
                    for key in ("env_steps", "samples", "flops")
                ),
                "" if np.isnan(row["cpu_seconds"]) else wording.format_duration(row["cpu_seconds"]),
            ]
        )
        before = row["task"]
    return table


def _escaped(name: str) -> str:
    return name.replace("|", "\\|")
