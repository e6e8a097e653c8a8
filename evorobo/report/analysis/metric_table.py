"""The table of further metrics: test scores of the solutions by other metrics than the one that decides."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from tabulate import tabulate

from evorobo.report.analysis.study_table import Cell, StudyTable
from evorobo.report.analysis.terminal_table import terminal_table
from evorobo.report.statistics import bootstrap_interval, iqm
from evorobo.study.log import METRIC_PREFIX


@dataclass(frozen=True)
class MetricRow:
    """A metric of one method on one task: the IQM over the finished runs and its 95% interval.

    References have one value, no interval and `n` 0, as in `table.csv`.
    """

    task: str
    method: str
    kind: str
    metric: str
    iqm: float
    low: float
    high: float
    n: int


def metric_rows(table: StudyTable) -> list[MetricRow]:
    """Return a row for each task, method or reference, and further metric, in the order of the study."""
    rows: list[MetricRow] = []
    for task in table.tasks:
        of_task = [
            _row(cell, column)
            for cell in table.cells_of(task, lambda cell: cell.finished).values()
            for column in cell.finished[0].curve
            if column.startswith(METRIC_PREFIX)
        ]
        rows += of_task
        for name, metrics in table.results.reference_metrics.get(task, {}).items() if of_task else ():
            rows += [
                MetricRow(task, name, "reference", metric, value, np.nan, np.nan, 0)
                for metric, value in metrics.items()
            ]
    return rows


def to_terminal(rows: Sequence[MetricRow], width: int | None = None) -> str:
    """Return one table for each task, with a line for each metric; an empty string without rows."""
    texts = []
    for task in dict.fromkeys(row.task for row in rows):
        lines, header, sides = cells_of_task(rows, task)
        texts.append(terminal_table(lines, header, sides, width, [title for title in header if title.startswith("(")]))
    return "\n\n".join(texts)


def to_markdown(rows: Sequence[MetricRow]) -> str:
    """Return the tables in Markdown."""
    return "\n\n".join(_markdown(rows, task) for task in dict.fromkeys(row.task for row in rows))


def to_csv(rows: Sequence[MetricRow]) -> str:
    """Return all rows with all digits; empty cells where there is no number."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(MetricRow.__dataclass_fields__)
    writer.writerows(["" if value != value else value for value in vars(row).values()] for row in rows)
    return text.getvalue()


def _row(cell: Cell, column: str) -> MetricRow:
    values = np.array([run.curve[column][-1] for run in cell.finished if column in run.curve], float)
    values = values[np.isfinite(values)]
    low, high = bootstrap_interval(values) if len(values) else (np.nan, np.nan)
    middle = float(iqm(values)) if len(values) else np.nan
    return MetricRow(
        cell.task,
        cell.method,
        "method",
        column.removeprefix(METRIC_PREFIX),
        middle,
        float(low),
        float(high),
        len(values),
    )


def _markdown(rows: Sequence[MetricRow], task: str) -> str:
    lines, header, sides = cells_of_task(rows, task)
    return tabulate(lines, header, "pipe", colalign=sides, disable_numparse=True)


def cells_of_task(rows: Sequence[MetricRow], task: str) -> tuple[list[list[str]], list[str], list[str]]:
    """The lines, the header and the sides of the columns of the table of a task."""
    of_task = [row for row in rows if row.task == task]
    methods = list(dict.fromkeys(row.method for row in of_task))
    metrics = list(dict.fromkeys(row.metric for row in of_task))
    values = {(row.metric, row.method): row for row in of_task}
    lines = [[metric, *(_text(values.get((metric, method))) for method in methods)] for metric in metrics]
    references = {row.method for row in of_task if row.kind == "reference"}
    titles = [f"({method})" if method in references else method for method in methods]
    return lines, [f"test on {task}", *titles], ["left", *["right"] * len(methods)]


def _text(row: MetricRow | None) -> str:
    if row is None or np.isnan(row.iqm):
        return ""
    interval = "" if np.isnan(row.low) else f" ({row.low:.3g} to {row.high:.3g})"
    return f"{row.iqm:.3g}{interval}"
