"""The figure of a study: a row for each task with learning curves over several costs, and the final scores."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evorobo.errors import ResultsError
from evorobo.report.analysis.ranks import MAX_OVERLAID_METHODS, rank_methods
from evorobo.report.analysis.runs import cumulative_cost, learning_curve
from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.figures import many_methods, output
from evorobo.report.figures.finals import draw_finals, finals_width, labels_height
from evorobo.report.figures.layout import (
    FigureLayout,
    PanelGrid,
    describe_seeds,
    figure_width,
    footnotes,
    panel_grid,
)
from evorobo.report.figures.panel import draw_curves, draw_references
from evorobo.report.figures.scales import ScoreRange, scale_score, score_range
from evorobo.report.figures.settings import FigureSettings
from evorobo.report.figures.style import MUTED_COLOR, Style, table_styles
from evorobo.report.formatting import metric_label

_CURVES = 3.1  # inches, the usual width of a panel of curves


def plot(table: StudyTable, path: str | Path, settings: FigureSettings | None = None) -> list[Path]:
    """Write the figure of a study to `path`, with a column of curves for each cost; returns the paths.

    With many tasks the figure has parts (see `output.save_parts`). Raises `ResultsError` where there is nothing to show
    yet.
    """
    settings = settings or FigureSettings()
    return output.save_parts(
        lambda tasks, part: figure(table, settings, tasks=tasks, part=part), visible_tasks(table), path, settings
    )


def figure(
    table: StudyTable, settings: FigureSettings | None = None, *, tasks: Sequence[str] = (), part: str = ""
) -> Figure:
    """The figure that `plot` writes, of some tasks or of all; the title ends with `part`.

    With many methods it has a line of panels for each (see `many_methods`).
    """
    settings = settings or FigureSettings()
    table.import_own_files()
    all_tasks = visible_tasks(table)
    methods = [method for method in table.methods if any(table.cells[task, method].visible for task in all_tasks)]
    tasks, title = tasks or all_tasks, f"{table.results.name}{part}"
    rows = {task: settings.x or default_costs(table, task) for task in tasks}
    if len(methods) > MAX_OVERLAID_METHODS:
        ranked = rank_methods(table, all_tasks)
        rows = {task: settings.x or costs[1:] for task, costs in rows.items()}
        return many_methods.figure(table, rows, ranked, title, settings)
    styles = {method: style for method, style in table_styles(table).items() if method in methods}
    columns = max(len(row) for row in rows.values())
    widths = [*[_CURVES] * columns, finals_width(methods)]
    width = figure_width(widths, settings)

    with output.figure_style():
        drawn = Figure(figsize=(width, 1), layout="constrained")
        grid = panel_grid(drawn, len(tasks), widths, settings)
        remarks = []
        for task, axes in zip(tasks, grid.rows, strict=True):
            remarks.append(_draw_row(axes, grid, table, task, rows[task], styles, settings))
            axes[0].set_title(task)
        notes = footnotes(table, tasks, filter(None, remarks))
        layout = FigureLayout(width, title, _subtitle(table), styles, notes, settings)
        height = (grid.height + labels_height(methods, grid.widths[-1])) * len(tasks)
        drawn.set_size_inches(width, layout.top + layout.bottom + height)
        layout.draw(drawn)
    return drawn


def visible_tasks(table: StudyTable) -> list[str]:
    """The tasks with scores. Raises `ResultsError` where there are none."""
    tasks = [task for task in table.tasks if table.cells_of(task, lambda cell: cell.visible)]
    if not tasks:
        raise ResultsError(
            f"{table.results.folder} has no scores to show yet; wait for the first evals, or run the study again."
        )
    return tasks


def _draw_row(
    axes: list[Axes],
    grid: PanelGrid,
    table: StudyTable,
    task: str,
    cost_columns: tuple[str, ...],
    styles: dict[str, Style],
    settings: FigureSettings,
) -> str:
    """Draw the curves and the final scores of a task on one y axis; returns a remark if something is not shown."""
    cells, metric = table.cells_of(task, lambda cell: cell.visible), table.results.metrics[task]
    references = table.references(task)
    *panels, last = axes
    for spare in panels[len(cost_columns) :]:
        spare.set_visible(False)
    for panel, cost_column, width in zip(panels, cost_columns, grid.widths, strict=False):
        draw_curves(panel, cells, cost_column, styles, settings.log_x, width)
    finals = {method: table.cells[task, method].outcomes for method in styles}
    draw_finals(last, finals, styles, grid.widths[-1])

    shown = task_range(table, task, cost_columns, settings)
    for number, panel in enumerate(axes):
        scale_score(panel, shown)
        if number in grid.starts:
            panel.set_ylabel(metric_label(metric))
        else:
            panel.tick_params(axis="y", which="both", labelleft=False, length=0)
    last.set_title("final scores", weight="normal", color=MUTED_COLOR, size=8.5)
    draw_references([*panels[: len(cost_columns)], last], references)
    return f"{task}: {shown.remark}" if shown and shown.remark else ""


def task_range(
    table: StudyTable, task: str, cost_columns: Sequence[str], settings: FigureSettings
) -> ScoreRange | None:
    """The range of the score axis of a task: of its curves over these costs, its final scores and its references."""
    cells = table.cells_of(task, lambda cell: cell.visible)
    runs = [run for cell in cells.values() for run in cell.visible]
    curves = [learning_curve(run, column, settings.log_x)[1] for run in runs for column in cost_columns]
    fixed = [*table.references(task).values(), *(score for cell in cells.values() for score in cell.scores)]
    better = table.results.metrics[task].higher_is_better
    return score_range(np.concatenate(curves), fixed, better, settings.y_limits, settings.log_y)


def default_costs(table: StudyTable, task: str) -> tuple[str, ...]:
    """The costs of the x axes: FLOPs, and environment steps, or labeled samples where no run has steps."""
    runs = [run for cell in table.cells_of(task).values() for run in cell.visible]
    has_steps = any(cumulative_cost(run, "env_steps").max(initial=0) > 0 for run in runs)
    return "flops", "env_steps" if has_steps else "samples"


def _subtitle(table: StudyTable) -> str:
    seeds = f"{describe_seeds(table)}."
    if {len(cell.logged) for cell in table.cells.values() if cell.logged} == {1}:
        return seeds
    return (
        f"{seeds} Thick lines: interquartile mean (IQM) of the runs; shaded: its 95% bootstrap interval; thin lines "
        "and dots: single runs."
    )
