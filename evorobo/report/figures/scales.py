"""Scales of the axes: ticks and limits that fit the scores and costs shown."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

from evorobo.arrays import Array
from evorobo.errors import SettingsError
from evorobo.report.formatting import format_number

_OUTLIER_RATIO = 6  # of the range of all values to that of the usual ones
_LOG_RATIO = 300  # of the highest loss to the lowest one
_SHORT = FuncFormatter(lambda value, _: format_number(value).replace("-", "−"))  # noqa: RUF001


def cost_range(min_cost: float, max_cost: float, log: bool) -> tuple[float, float]:
    """The range of a cost axis that shows the lowest and the highest cost, in figures and on the page."""
    if not log:
        return 0.0, max_cost * 1.03
    margin = max(max_cost / min_cost, 1.5) ** 0.03
    return min_cost / margin, max_cost * margin


def scale_cost(axes: Axes, min_cost: float, max_cost: float, log: bool) -> None:
    """Scale the x axis from the lowest to the highest cost, with tick labels such as 1k, 10k, 100k."""
    axes.xaxis.set_major_formatter(_SHORT)
    if log:
        axes.set_xscale("log")
        short = max_cost / min_cost < 30
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if short else (1,), numticks=6))
        axes.xaxis.set_minor_locator(NullLocator() if short else LogLocator(subs="auto", numticks=60))
        axes.xaxis.set_major_formatter(_SHORT)
        axes.xaxis.set_minor_formatter(NullFormatter())
    else:
        axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.set_xlim(cost_range(min_cost, max_cost, log))


@dataclass(frozen=True)
class ScoreRange:
    """The range of a score axis, whether it is logarithmic, and a remark if evals lie outside of it."""

    low: float
    high: float
    log: bool = False
    remark: str = ""


def score_range(
    curves: Array,
    fixed: Iterable[float],
    higher_is_better: bool,
    limits: tuple[float, float] | None = None,
    log: bool = False,
) -> ScoreRange | None:
    """The range that shows all of `fixed` and all of `curves`, without a few outliers; None without values.

    A loss that falls over several powers of ten gets a logarithmic scale; with `log` any score does. `limits` decide
    alone. Raises `SettingsError` where a logarithmic scale is asked for scores that are not above 0.
    """
    curves, finite = curves[np.isfinite(curves)], np.array([value for value in fixed if np.isfinite(value)])
    values = np.concatenate([curves, finite])
    if not len(values):
        return ScoreRange(*limits, log) if limits else None
    if log and not limits and values.min() <= 0:
        raise SettingsError(
            f"the lowest score is {format_number(values.min())}, and a logarithmic axis shows scores above 0 only; "
            "give limits above 0, or use a linear axis."
        )
    low, high = limits or (values.min(), values.max())
    log = log or bool(not higher_is_better and low > 0 and high / low > _LOG_RATIO)
    remark = ""
    if limits is None:
        usual = np.concatenate([np.quantile(curves, [0.03, 0.97]) if len(curves) else finite, finite])
        if not log and high - low > _OUTLIER_RATIO * (usual.max() - usual.min()) > 0:
            low, high = usual.min(), usual.max()
        if log:
            margin = (high / low) ** 0.04 if high > low else 1.1
            low, high = low / margin, high * margin
        else:
            margin = 0.05 * (high - low) or 0.05 * max(abs(high), 1.0)
            low, high = low - margin, high + margin
    if outside := int(((curves < low) | (curves > high)).sum()):
        span = f"from {format_number(values.min())} to {format_number(values.max())}"
        remark = f"{outside} of {len(curves)} evals lie outside the figure ({span})."
    return ScoreRange(float(low), float(high), log, remark)


def scale_score(axes: Axes, shown: ScoreRange | None) -> None:
    """Scale the y axis to a range of scores; without one it stays as it is."""
    if shown is None:
        return
    if shown.log:
        axes.set_yscale("log")
        short = shown.high / shown.low < 30
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5) if short else (1,), numticks=6))
        axes.yaxis.set_major_formatter(_SHORT)
        axes.yaxis.set_minor_formatter(NullFormatter())
    else:
        axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
        if max(abs(shown.low), abs(shown.high)) >= 1e4:
            axes.yaxis.set_major_formatter(_SHORT)
    axes.set_ylim(shown.low, shown.high)


def separate(positions: list[float], gap: float) -> list[float]:
    """Move `positions` apart until neighbors are `gap` apart, as little as possible; their order stays."""
    order = np.argsort(positions, kind="stable")
    blocks: list[list[float]] = []  # center and number of labels of each group of touching labels
    for position in np.array(positions)[order]:
        blocks.append([float(position), 1])
        while len(blocks) > 1 and blocks[-1][0] - blocks[-2][0] < gap * (blocks[-1][1] + blocks[-2][1]) / 2:
            (a, n), (b, m) = blocks[-2:]
            blocks[-2:] = [[(a * n + b * m) / (n + m), n + m]]
    moved = [center + gap * (i - (n - 1) / 2) for center, n in blocks for i in range(int(n))]
    result = np.empty(len(moved))
    result[order] = moved
    return result.tolist()
