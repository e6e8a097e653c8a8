"""Curves of unequal length, looked at on unequal grids: what was known at any price, and the area below."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from evorobo.arrays import Array
from evorobo.errors import SettingsError

MAX_POINTS = 100
"""So many points show any curve."""


def value_at(curve_x: ArrayLike, curve_y: ArrayLike, grid: ArrayLike) -> Array:
    """What the curve (`curve_x` rising) was known to be at each point of `grid`: its last look at or before it.

    Before the first look NaN, after the last one its value: a finished run keeps its answer.
    """
    seen = np.searchsorted(np.asarray(curve_x, float), np.asarray(grid, float), side="right")
    return np.concatenate([[np.nan], np.asarray(curve_y, float)])[seen]


def common_grid(curves: Sequence[tuple[Array, Array]]) -> Array:
    """A common x axis `(points,)` of runs given as `(x, y)`, from where all have been looked at to where the last ends.

    The points lie where the looks lie: where all runs were looked at together, exactly there.
    """
    every = np.sort(np.concatenate([x for x, _ in curves]))
    grid = np.unique([max(x[0] for x, _ in curves), *every[len(curves) - 1 :: len(curves)], every[-1]])
    return subsample(grid[grid >= max(x[0] for x, _ in curves)])


def subsample(grid: Array) -> Array:
    """At most `POINTS` of a rising grid, its ends among them."""
    if len(grid) <= MAX_POINTS:
        return grid
    return grid[np.linspace(0, len(grid) - 1, MAX_POINTS).round().astype(int)]


def area_under_curve(curve_x: ArrayLike, curve_y: ArrayLike, until: float | None = None) -> float:
    """The area under a learning curve over its width: the mean score on the way, straight lines between the looks.

    It reaches from the first look to `until`, by default the last look; beyond the last look the run keeps its
    answer. The unit is the score's, so that curves of unequal length compare at one `until`. Of a single look it is
    that score. Raises `SettingsError` where `until` lies before the first look.
    """
    x, y = np.asarray(curve_x, float), np.asarray(curve_y, float)
    end = x[-1] if until is None else float(until)
    if end < x[0]:
        raise SettingsError(f"an area until {end:g} begins only at the first look, {x[0]:g}; give a later end.")
    if end == x[0]:
        return float(y[0])
    inside = x < end
    x, y = np.append(x[inside], end), np.append(y[inside], np.interp(end, x, y))
    return float(np.trapezoid(y, x) / (end - x[0]))
