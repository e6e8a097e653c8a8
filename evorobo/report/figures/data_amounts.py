"""The figure over `rows`: final test scores by the number of training rows, a panel for each set of tasks."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator

from evorobo.errors import EvoroboError
from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.figures import output
from evorobo.report.figures.layout import FigureLayout, describe_seeds, figure_width, footnotes, panel_grid
from evorobo.report.figures.panel import NAME_GAP
from evorobo.report.figures.scales import scale_score, score_range, separate
from evorobo.report.figures.settings import FigureSettings
from evorobo.report.figures.style import MUTED_COLOR, TEXT_COLOR, Style, reference_dashes, table_styles
from evorobo.report.formatting import metric_label
from evorobo.settings import to_plain
from evorobo.tasks.data.task import DatasetTask

_PANEL = 3.6  # inches, the usual width
_SPACE = 1.12  # the least ratio of two amounts whose numbers have room side by side is this to the power of digits


def plot(table: StudyTable, path: str | Path, settings: FigureSettings | None = None) -> list[Path]:
    """Write the figure to `path`; returns the paths of the files, none without tasks that differ only in their rows."""
    settings = settings or FigureSettings()
    drawn = figure(table, settings)
    return output.save_with_caption(drawn, path, settings) if drawn else []


def figure(table: StudyTable, settings: FigureSettings) -> Figure | None:
    """The figure of a study; None where no tasks with finished runs differ only in their rows."""
    groups = amounts_of_data(table)
    if not groups:
        return None
    styles = table_styles(table)
    legend = {
        method: styles[method]
        for method in table.methods
        if any(table.cells[task, method].counted for tasks in groups.values() for task in tasks.values())
    }
    with output.figure_style():
        drawn = Figure(figsize=(1, 1), layout="constrained")
        width = figure_width([_PANEL] * len(groups), settings)
        grid = panel_grid(drawn, 1, [_PANEL] * len(groups), settings)
        for axes, (name, tasks) in zip(grid.rows[0], groups.items(), strict=True):
            _draw(axes, table, tasks, legend, settings)
            if len(groups) > 1:
                axes.set_title(name, loc="left", size=9, color=TEXT_COLOR)
        about = (
            f"Interquartile mean of the final test scores and its 95% interval; {describe_seeds(table)}. All have the "
            "same test rows."
        )
        notes = footnotes(table, [task for tasks in groups.values() for task in tasks.values()], [])
        layout = FigureLayout(width, f"{table.results.name}: scores by training rows", about, legend, notes, settings)
        drawn.set_size_inches(width, layout.top + layout.bottom + grid.height)
        layout.draw(drawn)
    return drawn


def amounts_of_data(table: StudyTable) -> dict[str, dict[int, str]]:
    """The sets of tasks that differ only in `rows` and label: by their common name, the tasks by training rows.

    Empty where the tasks cannot be made again from their settings.
    """
    try:
        tasks = {task.name: task for task in table.study.tasks if isinstance(task, DatasetTask)}
    except EvoroboError:
        return {}
    alike: dict[str, dict[str, DatasetTask]] = {}
    for shown in table.tasks:
        if task := tasks.get(table.origins.get(shown, shown)):
            rest = {name: value for name, value in to_plain(task).items() if name not in ("rows", "label")}
            if any(cell.counted for cell in table.cells_of(shown).values()):
                alike.setdefault(json.dumps(rest, sort_keys=True), {})[shown] = task
    groups = {}
    for members in alike.values():
        if len({task.rows for task in members.values()}) > 1:
            amounts = {len(task.parts.train): name for name, task in members.items()}
            groups[_common_name(list(members))] = dict(sorted(amounts.items()))
    return {name: amounts for name, amounts in groups.items() if len(amounts) > 1}


def _common_name(names: list[str]) -> str:
    """What the names begin with, without a number at its end; the first name where that is nothing."""
    n_equal = next((i for i, letters in enumerate(zip(*names, strict=False)) if len(set(letters)) > 1), None)
    start = min(names, key=len)[:n_equal]
    return re.sub(r"[-_ ]*\d*$", "", start) or names[0]


def _draw(
    axes: Axes, table: StudyTable, tasks: Mapping[int, str], legend: Mapping[str, Style], settings: FigureSettings
) -> None:
    metric = table.results.metrics[next(iter(tasks.values()))]
    span, shown = max(tasks) / min(tasks), list[float]()
    for number, (method, style) in enumerate(legend.items()):
        cells = {amount: cell for amount, task in tasks.items() if (cell := table.cells[task, method]).counted}
        middles = np.array([cell.iqm for cell in cells.values()])
        bounds = np.array([cell.interval for cell in cells.values()]).reshape(-1, 2)
        finite = np.isfinite(middles)
        shift = span ** (0.012 * (number - (len(legend) - 1) / 2))  # bars of several methods stand side by side
        x = np.array(list(cells)) * (shift if settings.log_x else 1)
        axes.plot(
            x[finite], middles[finite], color=style.color, ls=style.dashes, marker=style.marker or "o",
            ms=5, mec="white", lw=1.8, label=f"_{method} IQM",
        )  # fmt: skip
        drawn = finite & np.isfinite(bounds).all(1)
        axes.vlines(x[drawn], *bounds[drawn].T, color=style.color, lw=1.2)
        shown += [*middles, *bounds.ravel()]
    references = {amount: table.references(task) for amount, task in tasks.items()}
    shown += [score for of_task in references.values() for score in of_task.values()]
    if settings.log_x:
        axes.set_xscale("log")
    axes.xaxis.set_major_locator(FixedLocator(_with_room(list(tasks))))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    scale_score(axes, score_range(np.empty(0), shown, metric.higher_is_better, settings.y_limits, settings.log_y))
    _draw_references(axes, references)
    axes.set_xlabel("training rows")
    axes.set_ylabel(metric_label(metric))


def _draw_references(axes: Axes, references: Mapping[int, Mapping[str, float]]) -> None:
    """Draw the reference scores by amount as thin lines, whose names stand at the right end."""
    names = list(dict.fromkeys(name for of_task in references.values() for name in of_task))
    lines = [[(amount, of_task[name]) for amount, of_task in references.items() if name in of_task] for name in names]
    to_panel = axes.transData + axes.transAxes.inverted()
    heights = separate([to_panel.transform(points[-1])[1] for points in lines], NAME_GAP)
    for name, points, height in zip(names, lines, heights, strict=True):
        x, y = zip(*points, strict=True)
        axes.plot(x, y, color=MUTED_COLOR, ls=reference_dashes(name), lw=0.9, zorder=1.5, label=f"_{name}")
        axes.text(1.02, height, name, transform=axes.transAxes, size=7.5, color=MUTED_COLOR, va="center")


def _with_room(amounts: list[int]) -> list[int]:
    """The amounts whose numbers do not touch each other, from the largest down."""
    chosen = [amounts[-1]]
    for amount in reversed(amounts[:-1]):
        if chosen[-1] / amount > _SPACE ** len(f"{chosen[-1]:,}"):
            chosen.append(amount)
    return chosen
