"""The figure of a study with many methods: a line for each, ranked, so that none hides another."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evorobo.report import formatting as wording
from evorobo.report.analysis import runs
from evorobo.report.analysis.ranks import rank_methods
from evorobo.report.figures import output as canvas
from evorobo.report.figures.finals import shorten
from evorobo.report.figures.layout import FigureLayout, describe_seeds, footnotes
from evorobo.report.figures.panel import Average, average
from evorobo.report.figures.scales import scale_cost, scale_score
from evorobo.report.figures.style import GRID_COLOR, MUTED_COLOR, TEXT_COLOR, Style, assign_styles, reference_dashes
from evorobo.report.statistics import bootstrap_interval, iqm
from evorobo.study.results import Results, Run

_LINE, _CURVES, _SCORES, _CHARACTER = 0.36, 1.35, 1.75, 0.06  # inches


def figure(results: Results, columns: dict[str, tuple[str, ...]], log: bool) -> Figure:
    """For each task of `columns` its curves over the currencies there, and its final scores; best methods on top."""
    methods = rank_methods(results, list(columns))
    styles = assign_styles(methods)
    widths = [width for cost_columns in columns.values() for width in (*[_CURVES] * len(cost_columns), _SCORES)]
    width = 0.4 + 0.075 * max(len(shorten(method)) for method in methods) + sum(widths)
    with canvas.figure_style():
        drawn = Figure(figsize=(width, 1), layout="constrained")
        grid = drawn.subplots(len(methods), len(widths), squeeze=False, width_ratios=widths)
        for method, line in zip(methods, grid, strict=True):
            line[0].set_ylabel(shorten(method), rotation=0, ha="right", va="center", color=TEXT_COLOR)
        remarks, first = [], 0
        for task, cost_columns in columns.items():
            last = first + len(cost_columns)
            remarks.append(_draw_task(grid[:, first : last + 1], results, task, cost_columns, styles, log))
            first = last + 1
        subtitle = (
            f"{describe_seeds(results)}, best mean rank on top. Curves: interquartile means (IQM), all "
            "others in grey; from bottom to top they show the scores that the dots beside them show from left to "
            "right. Dots: final scores of the runs; bars: their IQM and its 95% bootstrap interval."
        )
        frame = FigureLayout(width, results.name, subtitle, {}, footnotes(results, columns, filter(None, remarks)))
        drawn.set_size_inches(width, frame.top + frame.bottom + _LINE * len(methods) + 0.85)
        frame.draw(drawn, row_gap=0.015)
    return drawn


def _draw_task(
    grid: np.ndarray, results: Results, task: str, cost_columns: tuple[str, ...], styles: dict[str, Style], log: bool
) -> str:
    """The columns of one task, all lines; a remark if something is not shown."""
    cells, metric = runs.drawable(results, task), results.metrics[task]
    references = {name: value for name, value in results.references[task].items() if np.isfinite(value)}
    scores = {method: [run.score for run in runs.finished(cells.get(method, []))] for method in styles}
    remark = ""
    for column, cost_column in enumerate(cost_columns):
        means = {method: mean for method, cell in cells.items() if (mean := _average(cell, cost_column, log))}
        for axes, method in zip(grid[:, column], styles, strict=True):
            _draw_curves(axes, means, method, styles, references)
        values = np.concatenate([np.zeros(0), *(mean.middle for mean in means.values())])
        fixed = [*references.values(), *(score for each in scores.values() for score in each)]
        for axes in grid[:, column]:
            remark = scale_score(axes, values, fixed, metric.higher_is_better)
            axes.set_yticks([], minor=False)
            axes.set_yticks([], minor=True)
            if means:
                scale_cost(axes, min(m.x[0] for m in means.values()), max(m.x[-1] for m in means.values()), log)
        grid[-1, column].set_xlabel(wording.COST_LABELS[cost_column])
    limits, scale = grid[0, 0].get_ylim(), grid[0, 0].get_yscale()
    for axes, method in zip(grid[:, -1], styles, strict=True):
        _draw_scores(axes, scores[method], styles[method], references)
        axes.set_xscale(scale)
        axes.set_xlim(limits)
        axes.set_yticks([])
    _name_references(grid[0, -1], references)
    for axes in grid[:-1].ravel():
        axes.tick_params(axis="x", which="both", labelbottom=False, length=0)
    grid[-1, -1].set_xlabel(wording.metric_label(metric))
    grid[0, 0].set_title(task, pad=12)
    return f"{task}: {remark}" if remark else ""


def _average(cell: list[Run], cost_column: str, log: bool) -> Average | None:
    curves = [curve for run in runs.finished(cell) if len((curve := runs.learning_curve(run, cost_column, log))[0])]
    return average(curves) if curves else None


def _draw_curves(
    axes: Axes, means: dict[str, Average], method: str, styles: dict[str, Style], references: dict[str, float]
) -> None:
    for name, value in references.items():
        axes.axhline(value, color=MUTED_COLOR, lw=0.6, ls=reference_dashes(name), zorder=1.5)
    for other, mean in means.items():
        if other != method:
            axes.plot(mean.x, mean.middle, color=GRID_COLOR, lw=0.8, zorder=1)
    if mine := means.get(method):
        color = styles[method].color
        axes.fill_between(mine.x, mine.low, mine.high, color=color, alpha=0.2, lw=0, zorder=2)
        axes.plot(mine.x, mine.middle, color=color, lw=1.6, zorder=3, label=method)
    axes.grid(visible=False)


def _draw_scores(axes: Axes, values: list[float], style: Style, references: dict[str, float]) -> None:
    for name, value in references.items():
        axes.axvline(value, color=MUTED_COLOR, lw=0.8, ls=reference_dashes(name), zorder=1.5)
    heights = 0.3 * ((0.5 + 0.618034 * np.arange(len(values))) % 1) - 0.4
    axes.plot(values, heights, ls="", marker="o", ms=3.4, mfc=style.color, mec="none", alpha=0.55)
    if values:
        low, high = bootstrap_interval(values)
        axes.fill_betweenx([0.08, 0.38], low, high, color=style.color, alpha=0.3, lw=0)
        axes.plot([iqm(values)] * 2, [0.02, 0.44], color=style.color, lw=2.4, solid_capstyle="butt")
    axes.set_ylim(-0.55, 0.55)


def _name_references(axes: Axes, references: dict[str, float]) -> None:
    """Above the first line, towards the middle, and one above the other where they would run into each other."""
    to_panel = axes.transData + axes.transAxes.inverted()
    taken: list[list[tuple[float, float]]] = []  # of each row of names, from where to where
    for name, value in sorted(references.items(), key=lambda each: each[1]):
        at, long = float(to_panel.transform((value, 0))[0]), _CHARACTER * len(name) / _SCORES
        left, right = (at - long, at) if at > 0.5 else (at, at + long)
        row = next((k for k, row in enumerate(taken) if all(right < a or b < left for a, b in row)), len(taken))
        taken += [[]] if row == len(taken) else []
        taken[row].append((left, right))
        axes.annotate(
            name, (value, 1), xycoords=axes.get_xaxis_transform(), xytext=(0, 3 + 9 * row), textcoords="offset points",
            color=MUTED_COLOR, size=7, ha="right" if at > 0.5 else "left", va="bottom",
        )  # fmt: skip
