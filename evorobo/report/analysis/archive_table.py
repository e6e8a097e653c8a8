"""How much variety each method found, in numbers: sizes of archives, coverage, QD-score, hypervolume."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from tabulate import tabulate

from evorobo.arrays import Array
from evorobo.report import formatting as wording
from evorobo.report.analysis import runs
from evorobo.study.results import Results, Run

Row: TypeAlias = dict[str, Any]

ARCHIVE_COLUMNS = {"coverage": "coverage", "qd_score": "QD-score", "hypervolume": "hypervolume"}
"""What strategies log of the variety they have found, and how figures and tables call it."""


def logged_mask(run: Run, column: str) -> Array:
    """Which looks of a run tell something in one of the columns `(looks,)`."""
    return np.isfinite(run.curve[column]) if column in run.curve else np.zeros(len(run.curve["test"]), bool)


def archive_summary(results: Results) -> list[Row]:
    """A row for each task and method whose counted runs tell of their variety: at the end, the mean over runs, the
    least and the most of each column; NaN where there is nothing."""
    rows = []
    for task, method, cell in results.cells():
        row: Row = {"task": task, "method": method, "n": 0}
        for column in ARCHIVE_COLUMNS:
            ends = [
                float(run.curve[column][logged_mask(run, column)][-1])
                for run in runs.finished(cell)
                if logged_mask(run, column).any()
            ]
            row["n"] = max(row["n"], len(ends))
            ends = ends or [float("nan")]
            row |= {column: float(np.mean(ends)), f"{column}_min": min(ends), f"{column}_max": max(ends)}
        if row["n"]:
            rows.append(row)
    return rows


def to_terminal(rows: Sequence[Row]) -> str:
    """The table for people, without columns that nobody tells; empty if nobody tells anything."""
    return _written(rows, "simple")


def to_markdown(rows: Sequence[Row]) -> str:
    """The same table in Markdown."""
    return _written(rows, "pipe")


def _written(rows: Sequence[Row], style: str) -> str:
    columns = [column for column in ARCHIVE_COLUMNS if any(np.isfinite(row[column]) for row in rows)]
    header = ["task", "method", "n", *(f"{ARCHIVE_COLUMNS[column]} (min to max)" for column in columns)]
    table = [[row["task"], row["method"], str(row["n"]), *(_cell(row, column) for column in columns)] for row in rows]
    sides = ["left", "left", *["right"] * (len(columns) + 1)]
    return tabulate(table, header, style, colalign=sides, disable_numparse=True) if rows else ""


def _cell(row: Row, column: str) -> str:
    if not np.isfinite(row[column]):
        return ""
    say = (lambda value: f"{100 * value:.1f}%") if column == "coverage" else wording.format_number
    return f"{say(row[column])} ({say(row[f'{column}_min'])} to {say(row[f'{column}_max'])})"
