"""Learning curves of several runs: values on a common grid, the average curve, and the area under a curve."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from evorobo.arrays import Array
from evorobo.errors import SettingsError
from evorobo.report.statistics.aggregates import iqm
from evorobo.report.statistics.bootstrap import bootstrap_interval

Curve: TypeAlias = tuple[Array, Array]
"""The evals of one run: `x (n_evals,)`, rising, and `y (n_evals,)`."""

MAX_POINTS = 100
"""The largest number of points of an average curve."""


@dataclass(frozen=True, eq=False)
class AverageCurve:
    """The IQM curve of several runs with its 95% bootstrap band; all arrays have shape `(n_points,)`."""

    x: Array
    middle: Array
    low: Array
    high: Array


def average_curve(curves: Sequence[Curve]) -> AverageCurve:
    """The average of several runs, from the first point at which all have a value to the end of the longest run."""
    grid = common_grid(curves)
    values = np.stack([value_at(x, y, grid) for x, y in curves])
    return AverageCurve(grid, iqm(values), *bootstrap_interval(values))


def value_at(curve_x: ArrayLike, curve_y: ArrayLike, grid: ArrayLike) -> Array:
    """The value of a curve at each point of `grid`: its last eval at or before that point.

    Before the first eval the value is NaN. After the last eval it stays constant: a finished run keeps its solution.
    """
    n_before = np.searchsorted(np.asarray(curve_x, float), np.asarray(grid, float), side="right")
    return np.concatenate([[np.nan], np.asarray(curve_y, float)])[n_before]


def common_grid(curves: Sequence[Curve]) -> Array:
    """A common x axis `(n_points,)`, from the first point at which all runs have a value to the end of the last run.

    Between two points, every run that has not ended has a new eval. So no point mixes new evals of some runs with old
    ones of others, where the evals of the runs lie at slightly different costs.
    """
    costs = [np.asarray(x, float).tolist() for x, _ in curves]
    grid = [max(x[0] for x in costs)]
    positions = [0] * len(costs)
    while True:
        positions = [bisect_right(x, grid[-1], first) for x, first in zip(costs, positions, strict=True)]
        next_costs = [x[position] for x, position in zip(costs, positions, strict=True) if position < len(x)]
        if not next_costs:
            return subsample(np.array(grid))
        grid.append(max(next_costs))


def subsample(grid: Array) -> Array:
    """At most `MAX_POINTS` points of a rising grid, with both ends."""
    return grid[evenly_spaced_indices(len(grid), MAX_POINTS)]


def evenly_spaced_indices(length: int, max_count: int) -> np.ndarray:
    """At most `max_count` of the whole numbers from 0 to `length` - 1, evenly spaced, with both ends."""
    return np.linspace(0, length - 1, min(length, max_count)).round().astype(int)


def area_under_curve(curve_x: ArrayLike, curve_y: ArrayLike, until: float | None = None) -> float:
    """The area under a learning curve divided by its width: the mean score over the run, linear between evals.

    It reaches from the first eval to `until`, by default the last eval; after the last eval the curve stays constant.
    Curves of unequal length are comparable at a common `until`. With a single eval the area is its score. Raises
    `SettingsError` where `until` lies before the first eval.
    """
    x, y = np.asarray(curve_x, float), np.asarray(curve_y, float)
    end = x[-1] if until is None else float(until)
    if end < x[0]:
        raise SettingsError(f"an area until {end:g} ends before the first eval, at {x[0]:g}; give a later end.")
    if end == x[0]:
        return float(y[0])
    inside = x < end
    x, y = np.append(x[inside], end), np.append(y[inside], np.interp(end, x, y))
    return float(np.trapezoid(y, x) / (end - x[0]))
