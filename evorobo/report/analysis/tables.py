"""The summary table of a study: a row for each task and method, best first, with the reference scores."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from tabulate import tabulate

from evorobo.printable import wrapped
from evorobo.report.analysis.study_table import Cell, StudyTable
from evorobo.report.analysis.terminal_table import terminal_table
from evorobo.report.formatting import decimals, format_duration, format_number

Row: TypeAlias = dict[str, Any]

_COSTS = ("env_steps", "episodes", "samples", "flops", "update_flops", "robot_flops", "cpu_seconds", "wall_seconds")


COST_NOTE = (
    "Evaluations (validation and test) are free for all methods. FLOPs are those of networks, forward and backward, "
    "and of updates by the strategy or the optimizer."
)
"""What stands below every table of costs."""


def summary_rows(table: StudyTable) -> list[Row]:
    """Final test scores and mean costs of the finished runs, by task, best first; NaN where there is no value.

    A diverged run has an infinite score, the worst. The mean is NaN where a run diverged.

    References ("random", "teacher", ...) are rows too, with `kind` "reference", sorted among the methods.
    """
    rows = []
    for task in table.tasks:
        sign = table.sign(task)
        of_task = [_reference_row(task, name, value) for name, value in table.results.references[task].items()]
        of_task += [_method_row(cell, sign) for cell in table.cells_of(task).values()]
        for row in of_task:
            row["caution"] = table.results.cautions.get(task, "")
        # a method without a finished run has NaN and is last
        rows += sorted(of_task, key=lambda row: (np.isnan(row["iqm"]), -sign * row["iqm"]))
    return rows


def to_terminal(rows: Sequence[Row], width: int | None = None) -> str:
    """The table for a terminal of this width, and what its costs contain."""
    titles, lines = format_cells(rows, str)
    table = terminal_table(lines, titles, _sides(titles), width, [name for name in _DROPPABLE if name in titles])
    return f"{table}\n\n{wrapped(COST_NOTE, width)}"


def to_markdown(rows: Sequence[Row]) -> str:
    """The table in Markdown, and what its costs contain."""
    table = _tabulate(*format_cells(rows, _escape), "pipe")
    return f"{table}\n\n{COST_NOTE}"


def to_latex(rows: Sequence[Row], notes: Sequence[str] = ()) -> str:
    """The table in LaTeX, with what its costs contain and `notes` below it; it needs the package booktabs."""
    table = _tabulate(*format_cells(rows, str), "latex_booktabs")
    below = [rf"{{\footnotesize {_escape_latex(note)}\par}}" for note in (COST_NOTE, *notes)]
    return "\n".join([r"% needs \usepackage{booktabs}", table, r"\par\smallskip", *below])


def to_csv(rows: Sequence[Row]) -> str:
    """All columns with all digits; empty cells where there is no number."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]) if rows else [], lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({key: "" if isinstance(cell, float) and np.isnan(cell) else cell for key, cell in row.items()})
    return text.getvalue()


def _method_row(cell: Cell, sign: int) -> Row:
    scores = cell.outcomes if len(cell.outcomes) else np.array([np.nan])
    low, high = cell.interval
    costs = {name: cell.final_costs(name) if cell.finished else np.array([np.nan]) for name in _COSTS}
    return {
        "task": cell.task,
        "method": cell.method,
        "kind": "method",
        "iqm": cell.iqm,
        "low": low,
        "high": high,
        "mean": cell.mean,
        "best": float(sign * max(sign * scores)),
        "worst": float(sign * min(sign * scores)),
        "n": len(cell.counted),
        "failed": len(cell.failed),
        "diverged": len(cell.diverged),
        "unfinished": len(cell.unfinished),
        **{name: float(np.mean(values)) for name, values in costs.items()},
    }


def _reference_row(task: str, name: str, value: float) -> Row:
    nan = dict.fromkeys(("low", "high", "mean", "best", "worst"), np.nan)
    counts = dict.fromkeys(("n", "failed", "diverged", "unfinished"), 0)
    costs = dict.fromkeys(_COSTS, np.nan)
    return {"task": task, "method": name, "kind": "reference", "iqm": float(value), **nan, **counts, **costs}


_SCORE_TITLES = ["test IQM", "95% interval", "best", "worst"]
_COST_TITLES = {"env_steps": "env steps", "samples": "samples", "flops": "FLOPs", "robot_flops": "robot FLOPs"}
_DROPPABLE = ["samples", "robot FLOPs", "worst", "best", "env steps", "CPU", "FLOPs", "n"]  # the first ones first


def format_cells(rows: Sequence[Row], name: Callable[[str], str]) -> tuple[list[str], list[list[str]]]:
    """The titles of the columns, and the rows as text.

    A task is named in its first row only, and the name of a reference is in brackets. The operations of robots have a
    column only if there are any.
    """
    costs = [key for key in _COST_TITLES if key != "robot_flops" or any(row[key] > 0 for row in rows)]
    lines, before = [], None
    for row in rows:
        of_task = [other for other in rows if other["task"] == row["task"]]
        n_decimals = decimals([other["iqm"] for other in of_task])

        def score(value: float, n_decimals: int = n_decimals) -> str:
            return "" if np.isnan(value) else "diverged" if np.isinf(value) else f"{value:z.{n_decimals}f}"

        method = name(row["method"])
        lines.append(
            [
                name(row["task"]) if row["task"] != before else "",
                f"({method})" if row["kind"] == "reference" else method,
                score(row["iqm"]),
                "" if np.isnan(row["low"]) else f"{score(row['low'])} to {score(row['high'])}",
                score(row["best"]),
                score(row["worst"]),
                str(row["n"]) if row["kind"] == "method" else "",
                *("" if np.isnan(row[key]) else format_number(row[key]) for key in costs),
                "" if np.isnan(row["cpu_seconds"]) else format_duration(row["cpu_seconds"]),
            ]
        )
        before = row["task"]
    return ["task", "method", *_SCORE_TITLES, "n", *(_COST_TITLES[key] for key in costs), "CPU"], lines


def _tabulate(titles: Sequence[str], lines: Sequence[Sequence[str]], style: str) -> str:
    return tabulate(lines, titles, style, colalign=_sides(titles), disable_numparse=True)


def _sides(titles: Sequence[str]) -> list[str]:
    return ["left" if title in ("task", "method") else "right" for title in titles]


def _escape_latex(text: str) -> str:
    """A text in which LaTeX prints every character as it is."""
    special = {**{character: f"\\{character}" for character in "&%$#_{}"}, "~": r"\textasciitilde{}"}
    special |= {"^": r"\textasciicircum{}", "\\": r"\textbackslash{}", "<": r"\ensuremath{<}", ">": r"\ensuremath{>}"}
    return "".join(special.get(character, character) for character in text)


def _escape(name: str) -> str:
    return name.replace("|", "\\|")
