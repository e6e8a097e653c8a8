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
from evorobo.report.figures.finals import draw_finals, size
from evorobo.report.figures.layout import Frame, below, seeds
from evorobo.report.figures.panel import draw_curves, draw_references
from evorobo.report.figures.scales import scale_score
from evorobo.report.figures.style import QUIET, Style, styles
from evorobo.study.results import Results


def plot(results: Results, path: str | Path, *, x: tuple[str, ...] = (), log: bool = True) -> Path:
    """Write the figure of a study to `path` (PNG), with one column of curves for each currency in `x`.

    Without `x` the currencies are FLOPs, and environment steps or, where nobody took any, labelled samples.
    Raises `ResultsError` when there is nothing to show yet.
    """
    return canvas.save(figure(results, x=x, log=log), path)


def figure(results: Results, *, x: tuple[str, ...] = (), log: bool = True) -> Figure:
    """The figure that `plot` writes: a row for each task, panels for `x` and then the final scores; of many methods, a
    line for each of them (see `crowd`)."""
    for currency in x:
        if currency not in wording.CURRENCIES:
            raise unknown("currency", currency, wording.CURRENCIES)
    tasks = [task for task in results.tasks if runs.shown(results, task)]
    methods = [method for method in results.methods if any(method in runs.shown(results, task) for task in tasks)]
    if not tasks:
        raise ResultsError(f"{results.folder} has no scores to show yet; wait for the first looks, or run it again.")
    if len(methods) > ranks.MANY:
        return crowd.figure(results, {task: x or _currencies(results, task)[1:] for task in tasks}, log)
    looks = styles(methods)
    rows = {task: x or _currencies(results, task) for task in tasks}
    columns = max(len(row) for row in rows.values())
    finals, labels = size(methods)
    width = 0.95 + 3.1 * columns + finals + 0.5

    with canvas.house_style():
        drawn = Figure(figsize=(width, 1), layout="constrained")
        grid = drawn.subplots(len(tasks), columns + 1, squeeze=False, width_ratios=[3.1] * columns + [finals])
        remarks = []
        for task, axes in zip(tasks, grid, strict=True):
            remarks.append(_draw_row(list(axes), results, task, rows[task], looks, log))
            axes[0].set_title(task)
        frame = Frame(width, results.name, _subtitle(results), looks, below(results, tasks, filter(None, remarks)))
        drawn.set_size_inches(width, frame.top + frame.bottom + (2.65 + labels) * len(tasks))
        frame.draw(drawn)
    return drawn


def _draw_row(
    axes: list[Axes], results: Results, task: str, currencies: tuple[str, ...], looks: dict[str, Style], log: bool
) -> str:
    """One task: its panels of curves, and its final scores on the same y axis. A remark if something is not shown."""
    cells, metric = runs.shown(results, task), results.metrics[task]
    references = {name: value for name, value in results.references[task].items() if np.isfinite(value)}
    *panels, last = axes
    for spare in panels[len(currencies) :]:
        spare.set_visible(False)
    panels = panels[: len(currencies)]
    for panel, currency in zip(panels, currencies, strict=True):
        draw_curves(panel, cells, currency, looks, log)
    scores = {method: [run.score for run in runs.counted(cells.get(method, []))] for method in looks}
    draw_finals(last, scores, looks)

    drawn = [run for cell in cells.values() for run in cell]
    values = np.concatenate([runs.curve(run, currency, log)[1] for run in drawn for currency in currencies])
    fixed = [*references.values(), *(score for each in scores.values() for score in each)]
    remarks = [scale_score(panel, values, fixed, metric.higher_is_better) for panel in [*panels, last]]
    for panel in [*panels, last][1:]:
        panel.tick_params(axis="y", which="both", labelleft=False, length=0)
    panels[0].set_ylabel(wording.metric_label(metric))
    last.set_title("final scores", weight="normal", color=QUIET, size=8.5)
    draw_references([*panels, last], references)
    return f"{task}: {remarks[0]}" if remarks[0] else ""


def _currencies(results: Results, task: str) -> tuple[str, ...]:
    cells = runs.shown(results, task).values()
    steps = any(runs.spent(run, "env_steps").max(initial=0) > 0 for cell in cells for run in cell)
    return "flops", "env_steps" if steps else "samples"


def _subtitle(results: Results) -> str:
    found = f"{seeds(results)}."
    if {len(cell) for _, _, cell in results.cells()} == {1}:
        return found
    return (
        f"{found} Thick: interquartile mean (IQM) of the runs; shaded: its 95% bootstrap interval; thin lines and "
        "dots: the runs."
    )
