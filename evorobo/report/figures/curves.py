"""The figure of a study: a row for each task with learning curves over several costs, and the final scores."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evorobo.errors import ResultsError, unknown
from evorobo.report.analysis.ranks import MAX_OVERLAID_METHODS, rank_methods
from evorobo.report.analysis.runs import cumulative_cost, learning_curve
from evorobo.report.analysis.study_table import StudyTable
from evorobo.report.figures import many_methods, output
from evorobo.report.figures.finals import draw_finals, finals_size
from evorobo.report.figures.layout import FigureLayout, describe_seeds, footnotes
from evorobo.report.figures.panel import draw_curves, draw_references
from evorobo.report.figures.scales import scale_score
from evorobo.report.figures.style import MUTED_COLOR, Style, assign_styles
from evorobo.report.formatting import COST_LABELS, metric_label


def plot(table: StudyTable, path: str | Path, *, x: tuple[str, ...] = (), log: bool = True) -> list[Path]:
    """Write the figure of a study to `path` (PNG), with a column of curves for each cost in `x`; returns the paths.

    With many tasks the figure has parts (see `output.save_parts`). By default the costs are FLOPs and environment
    steps, or labeled samples where no run has environment steps. Raises `ResultsError` where there is nothing to show
    yet.
    """
    return output.save_parts(
        lambda tasks, part: figure(table, x=x, log=log, tasks=tasks, part=part), _visible_tasks(table), path
    )


def figure(
    table: StudyTable, *, x: tuple[str, ...] = (), log: bool = True, tasks: Sequence[str] = (), part: str = ""
) -> Figure:
    """The figure that `plot` writes, of some tasks or of all; the title ends with `part`.

    With many methods it has a line of panels for each (see `many_methods`).
    """
    for cost_column in x:
        if cost_column not in COST_LABELS:
            raise unknown("cost column", cost_column, COST_LABELS)
    table.import_own_files()
    all_tasks = _visible_tasks(table)
    methods = [method for method in table.methods if any(table.cells[task, method].visible for task in all_tasks)]
    tasks, title = tasks or all_tasks, f"{table.results.name}{part}"
    rows = {task: x or default_costs(table, task) for task in tasks}
    if len(methods) > MAX_OVERLAID_METHODS:
        ranked = rank_methods(table, all_tasks)
        return many_methods.figure(table, {task: x or costs[1:] for task, costs in rows.items()}, log, ranked, title)
    styles = assign_styles(methods)
    columns = max(len(row) for row in rows.values())
    finals_width, labels_height = finals_size(methods)
    width = 0.95 + 3.1 * columns + finals_width + 0.5

    with output.figure_style():
        drawn = Figure(figsize=(width, 1), layout="constrained")
        grid = drawn.subplots(len(tasks), columns + 1, squeeze=False, width_ratios=[3.1] * columns + [finals_width])
        remarks = []
        for task, axes in zip(tasks, grid, strict=True):
            remarks.append(_draw_row(list(axes), table, task, rows[task], styles, log))
            axes[0].set_title(task)
        notes = footnotes(table, tasks, filter(None, remarks))
        layout = FigureLayout(width, title, _subtitle(table), styles, notes)
        drawn.set_size_inches(width, layout.top + layout.bottom + (2.65 + labels_height) * len(tasks))
        layout.draw(drawn)
    return drawn


def _visible_tasks(table: StudyTable) -> list[str]:
    """The tasks with scores. Raises `ResultsError` where there are none."""
    tasks = [task for task in table.tasks if table.cells_of(task, lambda cell: cell.visible)]
    if not tasks:
        raise ResultsError(
            f"{table.results.folder} has no scores to show yet; wait for the first evals, or run the study again."
        )
    return tasks


def _draw_row(
    axes: list[Axes], table: StudyTable, task: str, cost_columns: tuple[str, ...], styles: dict[str, Style], log: bool
) -> str:
    """Draw the curves and the final scores of a task on one y axis; returns a remark if something is not shown."""
    cells, metric = table.cells_of(task, lambda cell: cell.visible), table.results.metrics[task]
    references = table.references(task)
    *panels, last = axes
    for spare in panels[len(cost_columns) :]:
        spare.set_visible(False)
    panels = panels[: len(cost_columns)]
    for panel, cost_column in zip(panels, cost_columns, strict=True):
        draw_curves(panel, cells, cost_column, styles, log)
    finals = {method: table.cells[task, method].outcomes for method in styles}
    draw_finals(last, finals, styles)

    runs = [run for cell in cells.values() for run in cell.visible]
    values = np.concatenate([learning_curve(run, column, log)[1] for run in runs for column in cost_columns])
    fixed = [*references.values(), *(score for cell in cells.values() for score in cell.scores)]
    remarks = [scale_score(panel, values, fixed, metric.higher_is_better) for panel in [*panels, last]]
    for panel in [*panels, last][1:]:
        panel.tick_params(axis="y", which="both", labelleft=False, length=0)
    panels[0].set_ylabel(metric_label(metric))
    last.set_title("final scores", weight="normal", color=MUTED_COLOR, size=8.5)
    draw_references([*panels, last], references)
    return f"{task}: {remarks[0]}" if remarks[0] else ""


def default_costs(table: StudyTable, task: str) -> tuple[str, ...]:
    """The cost columns of the curves of a task: FLOPs, and environment steps or labeled samples."""
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
