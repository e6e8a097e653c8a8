"""One panel of learning curves: test scores over one cost."""

from __future__ import annotations

from textwrap import fill

from matplotlib.axes import Axes

from evorobo.report.analysis.runs import cumulative_cost, learning_curve, reports_cost
from evorobo.report.analysis.study_table import Cell
from evorobo.report.figures.finals import shorten
from evorobo.report.figures.layout import CHARACTER
from evorobo.report.figures.scales import scale_cost, separate
from evorobo.report.figures.style import MUTED_COLOR, Style, reference_dashes
from evorobo.report.formatting import COST_LABELS
from evorobo.report.statistics import AverageCurve, average_curve


def draw_curves(
    axes: Axes, cells: dict[str, Cell], cost_column: str, styles: dict[str, Style], log: bool, width: float = 3.1
) -> None:
    """Draw every visible run as a thin line and the average of each method as a thick one; `width` is in inches.

    Methods that spend none of the cost, or do not report it, are named under the axis.
    """
    without_cost: list[str] = []
    unreported: list[str] = []
    bounds: list[float] = []
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
            draw_average(axes, average_curve(finished), style, method)
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


def draw_average(axes: Axes, mean: AverageCurve, style: Style, method: str) -> None:
    """Draw the IQM as a thick line over its band, in the style of the method."""
    if len(mean.x) == 1:  # here the band has no width
        axes.vlines(mean.x, mean.low, mean.high, color=style.color, lw=5, alpha=0.25, zorder=2.5)
    axes.fill_between(mean.x, mean.low, mean.high, color=style.color, alpha=0.16, lw=0, zorder=2.5)
    axes.plot(
        mean.x, mean.middle, color=style.color, ls=style.dashes, lw=2, zorder=3, label=method,
        marker=style.marker, ms=5.5, mec="white", mew=0.7, markevery=(0.02, 0.19) if len(mean.x) > 6 else 1,
    )  # fmt: skip


_GAP = 0.07  # of a panel's height, between the centers of two labels


def draw_references(axes: list[Axes], references: dict[str, float]) -> None:
    """Draw a line for each reference in all of `axes`, whose limits must be final, and name them at the last one."""
    for panel in axes:
        for name, value in references.items():
            panel.axhline(value, color=MUTED_COLOR, lw=0.9, ls=reference_dashes(name), zorder=1.5, label=f"_{name}")
    last = axes[-1]
    to_panel = last.transData + last.transAxes.inverted()
    heights = separate([to_panel.transform((1, value))[1] for value in references.values()], _GAP)
    for name, value, height in zip(references, references.values(), heights, strict=True):
        last.annotate(
            name, (1, value), xycoords=last.get_yaxis_transform(), xytext=(1.06, height), textcoords=last.transAxes,
            color=MUTED_COLOR, size=7.5, va="center", annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": MUTED_COLOR, "lw": 0.6, "shrinkA": 1, "shrinkB": 0},
        )  # fmt: skip
