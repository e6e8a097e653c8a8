"""The figure of a study with many methods: a line of panels for each method, sorted by rank."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from evorobo.errors import SettingsError
from evorobo.report.analysis.study_table import Cell, StudyTable
from evorobo.report.figures import output
from evorobo.report.figures.finals import shorten
from evorobo.report.figures.layout import FigureLayout, describe_seeds, footnotes
from evorobo.report.figures.scales import scale_cost, scale_score, score_range
from evorobo.report.figures.settings import FigureSettings
from evorobo.report.figures.style import GRID_COLOR, MUTED_COLOR, TEXT_COLOR, Style, reference_dashes, table_styles
from evorobo.report.formatting import COST_LABELS, metric_label
from evorobo.report.statistics import AverageCurve, average_curve

_LINE, _CURVES, _SCORES, _CHARACTER = 0.36, 1.35, 1.75, 0.06  # inches
_MIN_SHRINK = 0.5  # the narrowest panel, as a fraction of its usual width


def figure(
    table: StudyTable,
    columns: dict[str, tuple[str, ...]],
    methods: Sequence[str],
    title: str,
    settings: FigureSettings,
) -> Figure:
    """The curves of each task over its costs in `columns`, and its final scores; `methods` are drawn from the top.

    Raises `SettingsError` for a width in which the panels have no room.
    """
    styles = table_styles(table)
    styles = {method: styles[method] for method in methods}
    widths = [width for cost_columns in columns.values() for width in (*[_CURVES] * len(cost_columns), _SCORES)]
    names_width = 0.4 + 0.075 * max(len(shorten(method)) for method in methods)
    width = settings.inches or names_width + sum(widths)
    if width < (needed := names_width + _MIN_SHRINK * sum(widths)):
        raise SettingsError(
            f"{len(methods)} methods on {len(columns)} tasks need a width of {2.54 * needed:.1f} cm; choose a part of "
            "the study with only, or a wider figure."
        )
    with output.figure_style():
        drawn = Figure(figsize=(width, 1), layout="constrained")
        grid = drawn.subplots(len(methods), len(widths), squeeze=False, width_ratios=widths)
        for method, line in zip(methods, grid, strict=True):
            line[0].set_ylabel(shorten(method), rotation=0, ha="right", va="center", color=TEXT_COLOR)
        remarks, first = [], 0
        for task, cost_columns in columns.items():
            last = first + len(cost_columns)
            remarks.append(_draw_task(grid[:, first : last + 1], table, task, cost_columns, styles, settings))
            first = last + 1
        subtitle = (
            f"{describe_seeds(table)}; the best mean rank is on top. Curves: interquartile means (IQM), other methods "
            "in gray. Dots: final scores of the runs; bars: their IQM and its 95% bootstrap interval. Curves (upwards) "
            "and dots (to the right) have one scale of scores."
        )
        notes = footnotes(table, columns, filter(None, remarks))
        layout = FigureLayout(width, title, subtitle, {}, notes, settings)
        drawn.set_size_inches(width, layout.top + layout.bottom + _LINE * len(methods) + 0.85)
        layout.draw(drawn, row_gap=0.015)
    return drawn


def _draw_task(
    grid: np.ndarray,
    table: StudyTable,
    task: str,
    cost_columns: tuple[str, ...],
    styles: dict[str, Style],
    settings: FigureSettings,
) -> str:
    """Draw the columns of one task; returns a remark if something is not shown."""
    metric, references = table.results.metrics[task], table.references(task)
    cells = {method: table.cells[task, method] for method in table.methods if method in styles}
    remark, log = "", settings.log_x
    for column, cost_column in enumerate(cost_columns):
        curves = {method: cell.curves(cost_column, log) for method, cell in cells.items()}
        means = {method: average_curve(runs) for method, runs in curves.items() if runs}
        for axes, method in zip(grid[:, column], styles, strict=True):
            _draw_curves(axes, means, method, styles, references)
        values = np.concatenate([np.zeros(0), *(mean.middle for mean in means.values())])
        fixed = [*references.values(), *(score for cell in cells.values() for score in cell.scores)]
        shown = score_range(values, fixed, metric.higher_is_better, settings.y_limits, settings.log_y)
        remark = shown.remark if shown else ""
        for axes in grid[:, column]:
            scale_score(axes, shown)
            axes.set_yticks([], minor=False)
            axes.set_yticks([], minor=True)
            if means:
                scale_cost(axes, min(m.x[0] for m in means.values()), max(m.x[-1] for m in means.values()), log)
        grid[-1, column].set_xlabel(COST_LABELS[cost_column])
    limits, scale = grid[0, 0].get_ylim(), grid[0, 0].get_yscale()
    for axes, method in zip(grid[:, -1], styles, strict=True):
        _draw_scores(axes, cells[method], styles[method], references)
        axes.set_xscale(scale)
        axes.set_xlim(limits)
        axes.set_yticks([])
    _name_references(grid[0, -1], references)
    for axes in grid[:-1].ravel():
        axes.tick_params(axis="x", which="both", labelbottom=False, length=0)
    grid[-1, -1].set_xlabel(metric_label(metric))
    grid[0, 0].set_title(task, pad=12)
    return f"{task}: {remark}" if remark else ""


def _draw_curves(
    axes: Axes, means: dict[str, AverageCurve], method: str, styles: dict[str, Style], references: dict[str, float]
) -> None:
    for name, value in references.items():
        axes.axhline(value, color=MUTED_COLOR, lw=0.6, ls=reference_dashes(name), zorder=1.5)
    for name, other in means.items():
        if name != method:
            axes.plot(other.x, other.middle, color=GRID_COLOR, lw=0.8, zorder=1)
    if mean := means.get(method):
        color = styles[method].color
        axes.fill_between(mean.x, mean.low, mean.high, color=color, alpha=0.2, lw=0, zorder=2)
        axes.plot(mean.x, mean.middle, color=color, lw=1.6, zorder=3, label=method)
    axes.grid(visible=False)


def _draw_scores(axes: Axes, cell: Cell, style: Style, references: dict[str, float]) -> None:
    for name, value in references.items():
        axes.axvline(value, color=MUTED_COLOR, lw=0.8, ls=reference_dashes(name), zorder=1.5)
    heights = 0.3 * ((0.5 + 0.618034 * np.arange(len(cell.scores))) % 1) - 0.4
    axes.plot(cell.scores, heights, ls="", marker="o", ms=3.4, mfc=style.color, mec="none", alpha=0.55)
    if np.isfinite(cell.interval).all():
        axes.fill_betweenx([0.08, 0.38], *cell.interval, color=style.color, alpha=0.3, lw=0)
    if np.isfinite(cell.iqm):
        axes.plot([cell.iqm] * 2, [0.02, 0.44], color=style.color, lw=2.4, solid_capstyle="butt")
    axes.set_ylim(-0.55, 0.55)


def _name_references(axes: Axes, references: dict[str, float]) -> None:
    """Name the references above the first line; names that would overlap are stacked."""
    to_panel = axes.transData + axes.transAxes.inverted()
    occupied: list[list[tuple[float, float]]] = []  # the left and right ends of the names in each row
    for name, value in sorted(references.items(), key=lambda item: item[1]):
        x, length = float(to_panel.transform((value, 0))[0]), _CHARACTER * len(name) / _SCORES
        left, right = (x - length, x) if x > 0.5 else (x, x + length)
        free_rows = (k for k, row in enumerate(occupied) if all(right < a or b < left for a, b in row))
        row = next(free_rows, len(occupied))
        occupied += [[]] if row == len(occupied) else []
        occupied[row].append((left, right))
        axes.annotate(
            name, (value, 1), xycoords=axes.get_xaxis_transform(), xytext=(0, 3 + 9 * row), textcoords="offset points",
            color=MUTED_COLOR, size=7, ha="right" if x > 0.5 else "left", va="bottom",
        )  # fmt: skip
