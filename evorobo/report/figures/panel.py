"""One panel of learning curves: test scores over what they cost in one currency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill

import numpy as np
from matplotlib.axes import Axes

from evorobo.arrays import Array
from evorobo.report import formatting as wording
from evorobo.report.analysis import runs
from evorobo.report.figures.finals import shorten
from evorobo.report.figures.scales import scale_cost, separate
from evorobo.report.figures.style import MUTED_COLOR, Style, reference_dashes
from evorobo.report.statistics import bootstrap_interval, common_grid, iqm, value_at
from evorobo.study.results import Run


def draw_curves(axes: Axes, cells: dict[str, list[Run]], cost_column: str, styles: dict[str, Style], log: bool) -> None:
    """Every run of `cells` (by method) faintly, and over them each method's average; who spends none, or does not tell
    what it spends, is named."""
    idle: list[str] = []
    silent: list[str] = []
    bounds: list[float] = []
    for method, cell in cells.items():
        style = styles[method]
        curves = {
            run: runs.learning_curve(run, cost_column, log)
            for run in cell
            if runs.cumulative_cost(run, cost_column).max(initial=0) > 0
        }
        curves = {run: curve for run, curve in curves.items() if len(curve[0])}
        if not curves:
            (idle if runs.reports_cost(cell, cost_column) else silent).append(method)
            continue
        bounds += [bound for x, _ in curves.values() for bound in (x[0], x[-1])]
        for run, (x, y) in curves.items():
            axes.plot(
                x, y, color=style.color, lw=0.7, alpha=0.35 if len(curves) < 8 else 0.25, zorder=2,
                marker="o" if len(x) == 1 else "", ms=3.5, mec="none", label=f"_{method} {run.seed}",
            )  # fmt: skip
        if finished := [curves[run] for run in runs.finished(curves)]:
            draw_average(axes, average(finished), style, method)
    remarks = [_remark(idle, "spends none", "spend none"), _remark(silent, "does not tell", "do not tell")]
    axes.set_xlabel("\n".join([wording.COST_LABELS[cost_column], *filter(None, remarks)]))
    if bounds:
        scale_cost(axes, min(bounds), max(bounds), log)
    else:
        axes.set_xticks([])


def _remark(methods: list[str], one: str, several: str) -> str:
    return fill(f"{', '.join(map(shorten, methods))} {one if len(methods) == 1 else several}", 46) if methods else ""


@dataclass(frozen=True, eq=False)
class Average:
    """A method's IQM curve with its 95% bootstrap band, all `(points,)`."""

    x: Array
    middle: Array
    low: Array
    high: Array


def average(curves: Sequence[tuple[Array, Array]]) -> Average:
    """The average of runs given as `(x, y)`, from where all have been looked at to where the last one ends."""
    grid = common_grid(curves)
    values = np.stack([value_at(x, y, grid) for x, y in curves])
    return Average(grid, iqm(values), *bootstrap_interval(values))


def draw_average(axes: Axes, mean: Average, style: Style, method: str) -> None:
    """The IQM as a thick line over its band, in the method's style."""
    if len(mean.x) == 1:  # a band without width
        axes.vlines(mean.x, mean.low, mean.high, color=style.color, lw=5, alpha=0.25, zorder=2.5)
    axes.fill_between(mean.x, mean.low, mean.high, color=style.color, alpha=0.16, lw=0, zorder=2.5)
    axes.plot(
        mean.x, mean.middle, color=style.color, ls=style.dashes, lw=2, zorder=3, label=method,
        marker=style.marker, ms=5.5, mec="white", mew=0.7, markevery=(0.02, 0.19) if len(mean.x) > 6 else 1,
    )  # fmt: skip


_GAP = 0.07  # of a panel's height, between the middles of two lines of small print


def draw_references(axes: list[Axes], references: dict[str, float]) -> None:
    """One line for each reference in every one of `axes`, whose limits must be settled."""
    for panel in axes:
        for name, value in references.items():
            panel.axhline(value, color=MUTED_COLOR, lw=0.9, ls=reference_dashes(name), zorder=1.5, label=f"_{name}")
    last = axes[-1]
    to_panel = last.transData + last.transAxes.inverted()
    places = separate([to_panel.transform((1, value))[1] for value in references.values()], _GAP)
    for name, value, place in zip(references, references.values(), places, strict=True):
        last.annotate(
            name, (1, value), xycoords=last.get_yaxis_transform(), xytext=(1.06, place), textcoords=last.transAxes,
            color=MUTED_COLOR, size=7.5, va="center", annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": MUTED_COLOR, "lw": 0.6, "shrinkA": 1, "shrinkB": 0},
        )  # fmt: skip
