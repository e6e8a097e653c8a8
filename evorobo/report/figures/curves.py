"""The figure of a study: a row for each task, learning curves over what they cost, final scores beside them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evorobo.errors import ResultsError, unknown
from evorobo.report import formatting as wording
from evorobo.report.analysis import ranks, runs
from evorobo.report.figures import many_methods as crowd, output as canvas
from evorobo.report.figures.finals import draw_finals, finals_size
from evorobo.report.figures.layout import FigureLayout, describe_seeds, footnotes
from evorobo.report.figures.panel import draw_curves, draw_references
from evorobo.report.figures.scales import scale_score
from evorobo.report.figures.style import MUTED_COLOR, Style, assign_styles
from evorobo.study.results import Results


def plot(results: Results, path: str | Path, *, x: tuple[str, ...] = (), log: bool = True) -> Path:
    """Write the figure of a study to `path` (PNG), with one column of curves for each currency in `x`.

    Without `x` the currencies are FLOPs, and environment steps or, where nobody took any, labelled samples.
    Raises `ResultsError` when there is nothing to show yet.
    """
    return canvas.save_figure(figure(results, x=x, log=log), path)


def figure(results: Results, *, x: tuple[str, ...] = (), log: bool = True) -> Figure:
    """The figure that `plot` writes: a row for each task, panels for `x` and then the final scores; of many methods, a
    line for each of them (see `crowd`)."""
    for cost_column in x:
        if cost_column not in wording.COST_LABELS:
            raise unknown("cost column", cost_column, wording.COST_LABELS)
    tasks = [task for task in results.tasks if runs.drawable(results, task)]
    methods = [method for method in results.methods if any(method in runs.drawable(results, task) for task in tasks)]
    if not tasks:
        raise ResultsError(f"{results.folder} has no scores to show yet; wait for the first looks, or run it again.")
    if len(methods) > ranks.MAX_OVERLAID_METHODS:
        return crowd.figure(results, {task: x or _currencies(results, task)[1:] for task in tasks}, log)
    styles = assign_styles(methods)
    rows = {task: x or _currencies(results, task) for task in tasks}
    columns = max(len(row) for row in rows.values())
    finals, labels = finals_size(methods)
    width = 0.95 + 3.1 * columns + finals + 0.5

    with canvas.figure_style():
        drawn = Figure(figsize=(width, 1), layout="constrained")
        grid = drawn.subplots(len(tasks), columns + 1, squeeze=False, width_ratios=[3.1] * columns + [finals])
        remarks = []
        for task, axes in zip(tasks, grid, strict=True):
            remarks.append(_draw_row(list(axes), results, task, rows[task], styles, log))
            axes[0].set_title(task)
        frame = FigureLayout(
            width, results.name, _subtitle(results), styles, footnotes(results, tasks, filter(None, remarks))
        )
        drawn.set_size_inches(width, frame.top + frame.bottom + (2.65 + labels) * len(tasks))
        frame.draw(drawn)
    return drawn


def _draw_row(
    axes: list[Axes], results: Results, task: str, cost_columns: tuple[str, ...], styles: dict[str, Style], log: bool
) -> str:
    """One task: its panels of curves, and its final scores on the same y axis. A remark if something is not shown."""
    cells, metric = runs.drawable(results, task), results.metrics[task]
    references = {name: value for name, value in results.references[task].items() if np.isfinite(value)}
    *panels, last = axes
    for spare in panels[len(cost_columns) :]:
        spare.set_visible(False)
    panels = panels[: len(cost_columns)]
    for panel, cost_column in zip(panels, cost_columns, strict=True):
        draw_curves(panel, cells, cost_column, styles, log)
    scores = {method: [run.score for run in runs.finished(cells.get(method, []))] for method in styles}
    draw_finals(last, scores, styles)

    drawn = [run for cell in cells.values() for run in cell]
    values = np.concatenate(
        [runs.learning_curve(run, cost_column, log)[1] for run in drawn for cost_column in cost_columns]
    )
    fixed = [*references.values(), *(score for each in scores.values() for score in each)]
    remarks = [scale_score(panel, values, fixed, metric.higher_is_better) for panel in [*panels, last]]
    for panel in [*panels, last][1:]:
        panel.tick_params(axis="y", which="both", labelleft=False, length=0)
    panels[0].set_ylabel(wording.metric_label(metric))
    last.set_title("final scores", weight="normal", color=MUTED_COLOR, size=8.5)
    draw_references([*panels, last], references)
    return f"{task}: {remarks[0]}" if remarks[0] else ""


def _currencies(results: Results, task: str) -> tuple[str, ...]:
    cells = runs.drawable(results, task).values()
    steps = any(runs.cumulative_cost(run, "env_steps").max(initial=0) > 0 for cell in cells for run in cell)
    return "flops", "env_steps" if steps else "samples"


def _subtitle(results: Results) -> str:
    found = f"{describe_seeds(results)}."
    if {len(cell) for _, _, cell in results.cells()} == {1}:
        return found
    return (
        f"{found} Thick: interquartile mean (IQM) of the runs; shaded: its 95% bootstrap interval; thin lines and "
        "dots: the runs."
    )
