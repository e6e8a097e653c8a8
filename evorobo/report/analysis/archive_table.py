"""The variety that each method found, in numbers: coverage, QD-score, hypervolume."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from tabulate import tabulate

from evorobo.arrays import Array
from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.analysis.terminal_table import terminal_table
from evorobo.report.formatting import format_number
from evorobo.study.results import Run

Row: TypeAlias = dict[str, Any]

ARCHIVE_COLUMNS = {"coverage": "coverage", "qd_score": "QD-score", "hypervolume": "hypervolume"}
"""The log columns that measure variety, with their titles in figures and tables."""


def logged_mask(run: Run, column: str) -> Array:
    """The evals of a run that have a value in a column, as booleans `(n_evals,)`."""
    return np.isfinite(run.curve[column]) if column in run.curve else np.zeros(len(run.curve["test"]), bool)


def archive_rows(table: StudyTable) -> list[Row]:
    """A row for each task and method whose finished runs log their variety.

    It holds the final value of each column: mean, minimum and maximum over runs; NaN where there is none.
    """
    rows = []
    for cell in table.cells.values():
        row: Row = {"task": cell.task, "method": cell.method, "n": 0}
        for column in ARCHIVE_COLUMNS:
            masks = {run: mask for run in cell.finished if (mask := logged_mask(run, column)).any()}
            values = [float(run.curve[column][mask][-1]) for run, mask in masks.items()]
            row["n"] = max(row["n"], len(values))
            values = values or [float("nan")]
            row |= {column: float(np.mean(values)), f"{column}_min": min(values), f"{column}_max": max(values)}
        if row["n"]:
            rows.append(row)
    return rows


def to_terminal(rows: Sequence[Row], width: int | None = None) -> str:
    """The table for a terminal of this width, without empty columns; an empty string without rows."""
    lines, header, sides = _cells(rows)
    return terminal_table(lines, header, sides, width, header[:3:-1]) if rows else ""


def to_markdown(rows: Sequence[Row]) -> str:
    """The table in Markdown."""
    lines, header, sides = _cells(rows)
    return tabulate(lines, header, "pipe", colalign=sides, disable_numparse=True) if rows else ""


def _cells(rows: Sequence[Row]) -> tuple[list[list[str]], list[str], list[str]]:
    """The lines, the header and the sides of the columns of the table."""
    columns = [column for column in ARCHIVE_COLUMNS if any(np.isfinite(row[column]) for row in rows)]
    header = ["task", "method", "n", *(f"{ARCHIVE_COLUMNS[column]} (min to max)" for column in columns)]
    lines = [[row["task"], row["method"], str(row["n"]), *(_cell(row, column) for column in columns)] for row in rows]
    return lines, header, ["left", "left", *["right"] * (len(columns) + 1)]


def _cell(row: Row, column: str) -> str:
    if not np.isfinite(row[column]):
        return ""
    form = (lambda value: f"{100 * value:.1f}%") if column == "coverage" else format_number
    return f"{form(row[column])} ({form(row[f'{column}_min'])} to {form(row[f'{column}_max'])})"
