"""The point from which one learning curve stays above another, with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evorobo.arrays import Array
from evorobo.report.statistics.aggregates import iqm
from evorobo.report.statistics.learning_curves import Curve, subsample, value_at


@dataclass(frozen=True)
class Crossing:
    """From `cost` on the side that is ahead at `end` stays ahead, with a 95% interval `low` to `high`.

    Both sides have values from `begin` to `end`. If a bound equals `begin`, the leader may be ahead from the start. If
    it is infinite, the leader may not be ahead at the end.
    """

    cost: float
    low: float
    high: float
    begin: float
    end: float


def find_crossing(
    leader: Sequence[Curve],
    other: Sequence[Curve],
    seed: int = 0,
    confidence: float = 0.95,
    n_resamples: int = 2000,
) -> Crossing | None:
    """The point where the IQM curve of `leader` rises above that of `other` for the last time; higher is better.

    Finished runs keep their last score until the longest run ends. The interval comes from a bootstrap over whole
    runs on both sides. None where `leader` is not ahead at the end, or with fewer than two runs on a side.
    """
    if min(len(leader), len(other)) < 2:
        return None
    every = [x for x, _ in (*leader, *other)]
    grid = np.unique(np.concatenate(every))
    grid = subsample(grid[grid >= max(x[0] for x in every)])
    first, second = (np.stack([value_at(x, y, grid) for x, y in side]) for side in (leader, other))
    cost = float(_start_of_lead(grid, iqm(first) - iqm(second)))
    if not np.isfinite(cost):
        return None
    rng = np.random.default_rng(seed)
    one, two = (
        iqm(values[rng.integers(len(values), size=(n_resamples, len(values)))], 1) for values in (first, second)
    )
    tail = (1 - confidence) / 2
    # without interpolation, which is impossible between a cost and infinity
    low, high = np.quantile(_start_of_lead(grid, one - two), [tail, 1 - tail], method="inverted_cdf")
    return Crossing(cost, float(low), float(high), float(grid[0]), float(grid[-1]))


def _start_of_lead(grid: Array, ahead: Array) -> Array:
    """The first point of `grid` from which `ahead (..., n_points)` stays above 0; infinite where there is none."""
    after = np.append(grid, np.inf)
    behind = ahead <= 0
    last = len(grid) - np.argmax(behind[..., ::-1], axis=-1)
    return after[np.where(behind.any(axis=-1), last, 0)]
