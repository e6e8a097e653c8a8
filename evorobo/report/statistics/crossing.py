"""The point from which one learning curve stays above another, with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evorobo.arrays import Array
from evorobo.report.statistics.aggregates import iqm
from evorobo.report.statistics.bootstrap import expanded_tail
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
    """The point where the smoothed IQM curve of `leader` rises above that of `other`; higher is better.

    The difference of the two IQM curves is smoothed by isotonic regression (Barlow et al. 1972, chapter 1): the rising
    curve with the least squared distance. Unlike the last eval behind, its crossing does not move to the right when
    scores are noisy at each eval. Finished runs keep their last score until the longest run ends. The interval comes
    from a bootstrap over whole runs on both sides, expanded like `bootstrap_interval`; it begins at the eval before the
    crossing, since curves are known at evals only. None where `leader` is not ahead at the end, or with fewer than two
    runs on a side.
    """
    if min(len(leader), len(other)) < 2:
        return None
    every = [x for x, _ in (*leader, *other)]
    grid = np.unique(np.concatenate(every))
    grid = subsample(grid[grid >= max(x[0] for x in every)])
    first, second = (np.stack([value_at(x, y, grid) for x, y in side]) for side in (leader, other))
    costs = np.append(grid, np.inf)
    ahead = iqm(first) - iqm(second)
    start = int(_start_of_lead(ahead))
    if ahead[-1] <= 0 or start == len(grid):
        return None
    rng = np.random.default_rng(seed)
    one, two = (
        iqm(values[rng.integers(len(values), size=(n_resamples, len(values)))], 1) for values in (first, second)
    )
    tail = expanded_tail(len(first) + len(second), 2, confidence)
    starts = np.sort(_start_of_lead(one - two))
    cut = int(tail * n_resamples)
    low, high = starts[cut], starts[-1 - cut]
    return Crossing(
        float(costs[start]), float(costs[max(low - 1, 0)]), float(costs[high]), float(grid[0]), float(grid[-1])
    )


def _start_of_lead(ahead: Array) -> Array:
    """The first point from which the isotonic regression of `ahead (..., n_points)` is above 0; n_points where none is.

    It is the last minimum of the cumulative sums: the slopes of their greatest convex minorant are the regression.
    """
    sums = np.concatenate([np.zeros((*ahead.shape[:-1], 1)), np.cumsum(ahead, axis=-1)], axis=-1)
    return np.asarray(ahead.shape[-1] - np.argmin(sums[..., ::-1], axis=-1))
