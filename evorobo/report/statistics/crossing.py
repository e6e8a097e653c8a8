"""Where two learning curves cross for good, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evorobo.arrays import Array
from evorobo.report.statistics.aggregates import iqm
from evorobo.report.statistics.looks import subsample, value_at


@dataclass(frozen=True)
class Crossing:
    """From `price` on the side that leads at `end` stays ahead, with a 95% interval `low` to `high`.

    Both sides are known from `begin` to `end`. A bound at `begin` says that there may be no crossing, the leader being
    ahead all the way; an infinite one that the leader may not be ahead in the end.
    """

    cost: float
    low: float
    high: float
    begin: float
    end: float


def find_crossing(
    leader: Sequence[tuple[Array, Array]],
    other: Sequence[tuple[Array, Array]],
    seed: int = 0,
    confidence: float = 0.95,
    n_resamples: int = 2000,
) -> Crossing | None:
    """Where the IQM curve of `leader`, runs given as `(x, y)`, rises above that of `other` for the last time.

    Scores are such that higher is better, and finished runs keep their answer until the last one ends. The interval is
    the percentile bootstrap's, runs drawn whole on either side. None where `leader` is not ahead in the end, or with
    fewer than two runs on a side.
    """
    if min(len(leader), len(other)) < 2:
        return None
    every = [x for x, _ in (*leader, *other)]
    grid = np.unique(np.concatenate(every))
    grid = subsample(grid[grid >= max(x[0] for x in every)])
    ours, theirs = (np.stack([value_at(x, y, grid) for x, y in side]) for side in (leader, other))
    cost = float(_last_change(grid, iqm(ours) - iqm(theirs)))
    if not np.isfinite(cost):
        return None
    rng = np.random.default_rng(seed)
    one, two = (iqm(values[rng.integers(len(values), size=(n_resamples, len(values)))], 1) for values in (ours, theirs))
    tail = (1 - confidence) / 2
    found = _last_change(grid, one - two)
    # no interpolation: between a price and "never" there is none
    low, high = np.quantile(found, [tail, 1 - tail], method="inverted_cdf")
    return Crossing(cost, float(low), float(high), float(grid[0]), float(grid[-1]))


def _last_change(grid: Array, ahead: Array) -> Array:
    """The first point of `grid` from which `ahead (..., points)` stays above 0; infinite where it does not."""
    after = np.append(grid, np.inf)
    behind = ahead <= 0
    last = len(grid) - np.argmax(behind[..., ::-1], axis=-1)
    return after[np.where(behind.any(axis=-1), last, 0)]
