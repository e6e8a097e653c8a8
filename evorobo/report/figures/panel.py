"""One panel of learning curves: test scores over one cost."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import fill

import numpy as np
from matplotlib.axes import Axes

from evorobo.report.analysis.runs import cumulative_cost, learning_curve, reports_cost
from evorobo.report.analysis.study_table import Cell
from evorobo.report.figures.finals import shorten
from evorobo.report.figures.layout import CHARACTER
from evorobo.report.figures.scales import scale_cost, separate
from evorobo.report.figures.style import MUTED_COLOR, Style, reference_dashes
from evorobo.report.formatting import COST_LABELS
from evorobo.report.statistics import AverageCurve, average_curve

_LINE = 2.0  # points, the width of an average curve
_CLOSE = 0.01  # of the range of two curves, the largest difference that their lines hide


def draw_curves(
    axes: Axes, cells: dict[str, Cell], cost_column: str, styles: dict[str, Style], log: bool, width: float = 3.1
) -> None:
    """Draw every visible run as a thin line and the average of each method as a thick one; `width` is in inches.

    Methods that spend none of the cost, or do not report it, are named under the axis.
    """
    without_cost: list[str] = []
    unreported: list[str] = []
    bounds: list[float] = []
    means: dict[str, AverageCurve] = {}
    for method, cell in cells.items():
        style = styles[method]
        curves = {
            run: learning_curve(run, cost_column, log)
            for run in cell.visible
            if cumulative_cost(run, cost_column).max(initial=0) > 0
        }
        curves = {run: curve for run, curve in curves.items() if len(curve[0])}
        if not curves:
            (without_cost if reports_cost(cell.visible, cost_column) else unreported).append(method)
            continue
        bounds += [bound for x, _ in curves.values() for bound in (x[0], x[-1])]
        for run, (x, y) in curves.items():
            axes.plot(
                x, y, color=style.color, lw=0.7, alpha=0.35 if len(curves) < 8 else 0.25, zorder=2,
                marker="o" if len(x) == 1 else "", ms=3.5, mec="none", label=f"_{method} {run.seed}",
            )  # fmt: skip
        if finished := [curves[run] for run in cell.finished if run in curves]:
            means[method] = average_curve(finished)
    for number, (method, mean) in enumerate(means.items()):
        points = _LINE * (1 + n_hidden_by(means, method))
        draw_average(axes, mean, styles[method], method, points, number / len(means))
    remarks = [
        _remark(without_cost, "spends none", "spend none"),
        _remark(unreported, "does not report it", "do not report it"),
    ]
    texts = [COST_LABELS[cost_column], *filter(None, remarks)]
    axes.set_xlabel("\n".join(fill(text, int(width / CHARACTER)) for text in texts))
    if bounds:
        scale_cost(axes, min(bounds), max(bounds), log)
    else:
        axes.set_xticks([])


def _remark(methods: list[str], singular: str, plural: str) -> str:
    verb = singular if len(methods) == 1 else plural
    return f"{', '.join(map(shorten, methods))} {verb}" if methods else ""


def n_hidden_by(means: Mapping[str, AverageCurve], method: str) -> int:
    """How many of the curves that are drawn later would hide that of a method, because they have the same values."""
    methods, mean = list(means), means[method]
    later = (means[other] for other in methods[methods.index(method) + 1 :])
    return sum(_hides(other, mean) for other in later)


def _hides(other: AverageCurve, one: AverageCurve) -> bool:
    """Whether most points of one curve are on the line of the other; points beyond its ends are not."""
    gaps = np.abs(one.middle - np.interp(one.x, other.x, other.middle, left=np.nan, right=np.nan))
    values = np.concatenate([one.middle, other.middle])
    return bool(np.mean(gaps <= _CLOSE * np.ptp(values)) > 0.5)


def draw_average(
    axes: Axes, mean: AverageCurve, style: Style, method: str, width: float = _LINE, phase: float = 0.0
) -> None:
    """Draw the IQM as a thick line over its band, in the style of the method.

    A line of more than the usual `width` is visible on both sides of those that are drawn over it. Markers of curves
    with another `phase`, from 0 to 1, have other places.
    """
    if len(mean.x) == 1:  # here the band has no width
        axes.vlines(mean.x, mean.low, mean.high, color=style.color, lw=5, alpha=0.25, zorder=2.5)
    axes.fill_between(mean.x, mean.low, mean.high, color=style.color, alpha=0.16, lw=0, zorder=2.5)
    axes.plot(mean.x, mean.middle, color=style.color, ls=style.dashes, lw=width, zorder=3, label=method)
    axes.plot(
        mean.x, mean.middle, ls="", marker=style.marker, ms=5.5, color=style.color, mec="white", mew=0.7, zorder=3.5,
        markevery=(0.02 + 0.19 * phase, 0.19) if len(mean.x) > 6 else 1, label=f"_{method} markers",
    )  # fmt: skip


NAME_GAP = 0.09
"""The distance between the centers of two names of references, as a fraction of a panel's height."""


def draw_references(axes: list[Axes], references: dict[str, float]) -> None:
    """Draw a line for each reference in all of `axes`, whose limits must be final, and name them at the last one."""
    for panel in axes:
        for name, value in references.items():
            panel.axhline(value, color=MUTED_COLOR, lw=0.9, ls=reference_dashes(name), zorder=1.5, label=f"_{name}")
    last = axes[-1]
    to_panel = last.transData + last.transAxes.inverted()
    heights = separate([to_panel.transform((1, value))[1] for value in references.values()], NAME_GAP)
    for name, value, height in zip(references, references.values(), heights, strict=True):
        last.annotate(
            name, (1, value), xycoords=last.get_yaxis_transform(), xytext=(1.06, height), textcoords=last.transAxes,
            color=MUTED_COLOR, size=7.5, va="center", annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": MUTED_COLOR, "lw": 0.6, "shrinkA": 1, "shrinkB": 0},
        )  # fmt: skip
