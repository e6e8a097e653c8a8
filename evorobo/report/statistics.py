"""What a handful of runs says: the interquartile mean, how sure we may be of it, and curves on a common axis."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import trim_mean

from evorobo.nets.activations import Array


class Statistic(Protocol):
    def __call__(self, values: Array, axis: int, /) -> Array: ...


def iqm(values: ArrayLike, axis: int = 0) -> Array:
    """The interquartile mean: the mean of the middle half (Agarwal et al. 2021).

    Of n values, the int(n / 4) smallest and the int(n / 4) largest are left out; below 4 values it is the plain mean.
    """
    return np.asarray(trim_mean(np.asarray(values, float), 0.25, axis=axis))


def interval(
    values: ArrayLike,
    rng_seed: int = 0,
    confidence: float = 0.95,
    statistic: Statistic = iqm,
    repetitions: int = 2000,
) -> tuple[Array, Array]:
    """The percentile bootstrap interval of `statistic` over the runs of `values (runs, ...)`: low and high, `(...)`.

    Runs are drawn whole, so the points of a curve stay together. Fewer than two runs say nothing about
    the spread: NaN. With few runs the interval is too narrow (see `wording.few_runs`).
    """
    values = np.asarray(values, float)
    n = len(values)
    if n < 2:
        unknown = np.full(values.shape[1:], np.nan)
        return unknown, unknown.copy()
    drawn = np.random.default_rng(rng_seed).integers(n, size=(repetitions, n))
    tail = (1 - confidence) / 2
    low, high = np.quantile(statistic(values[drawn], 1), [tail, 1 - tail], axis=0)
    return low, high


def at(curve_x: ArrayLike, curve_y: ArrayLike, grid: ArrayLike) -> Array:
    """What the curve (`curve_x` rising) was known to be at each point of `grid`: its last look at or before it.

    Before the first look NaN, after the last one its value: a finished run keeps its answer.
    """
    seen = np.searchsorted(np.asarray(curve_x, float), np.asarray(grid, float), side="right")
    return np.concatenate([[np.nan], np.asarray(curve_y, float)])[seen]
