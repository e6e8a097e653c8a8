"""Bootstrap intervals of the interquartile mean, over runs or over runs within tasks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import norm, t

from evorobo.arrays import Array
from evorobo.report.statistics.aggregates import iqm

_MAX_NUMBERS = 4_000_000  # resampled at once, 32 MB
_N_RESAMPLES = 10_000


def bootstrap_interval(values: ArrayLike, confidence: float = 0.95) -> tuple[Array, Array]:
    """The bootstrap interval of the IQM over the runs of `values (n_runs, ...)`: low and high, `(...)`.

    It is the expanded percentile interval (Hesterberg 2015, The American Statistician 69(4), section 4): percentiles
    further out than 2.5% and 97.5% make up for the few runs, by the factor sqrt(n / (n - 1)) and by t with n - 1
    degrees of freedom. Below 6 runs it reaches from the lowest run to the highest. With fewer than two
    runs it is NaN. Runs that diverged may be given as infinite scores.
    """
    runs = np.asarray(values, float)
    if len(runs) < 2:
        return np.full(runs.shape[1:], np.nan), np.full(runs.shape[1:], np.nan)
    weights = _resampled_weights(len(runs))
    tail = expanded_tail(len(runs), 1, confidence) if len(runs) > 5 else 0.0
    points = np.sort(runs, axis=0).reshape(len(runs), -1).T
    size = max(_MAX_NUMBERS // len(weights), 1)
    parts = [_bounds(_averages(weights, points[first : first + size]), tail) for first in range(0, len(points), size)]
    low, high = np.concatenate(parts, axis=-1).reshape(2, *runs.shape[1:])
    return low, high


def stratified_bootstrap_interval(tasks: Sequence[ArrayLike], confidence: float = 0.95) -> tuple[Array, Array]:
    """The bootstrap interval of the IQM over all runs of `tasks`, each `(n_runs,)`; expanded as for a single task.

    Runs are resampled within each task, so that each task keeps its number of runs (Agarwal et al. 2021). Numbers of
    runs may differ. With fewer than two runs in any task the interval is NaN.
    """
    strata = [np.asarray(values, float) for values in tasks]
    if len(strata) == 1:
        return bootstrap_interval(strata[0], confidence)
    if min(map(len, strata)) < 2:
        return np.asarray(np.nan), np.asarray(np.nan)
    rng = np.random.default_rng(0)
    n_numbers = sum(map(len, strata))
    means = []
    for first in range(0, _N_RESAMPLES, size := max(_MAX_NUMBERS // n_numbers, 1)):
        count = min(size, _N_RESAMPLES - first)
        drawn = [values[rng.integers(len(values), size=(count, len(values)))] for values in strata]
        means.append(iqm(np.concatenate(drawn, axis=1), 1))
    low, high = _bounds(np.concatenate(means), expanded_tail(n_numbers, len(strata), confidence))
    return low, high


def expanded_tail(n_runs: int, n_groups: int = 1, confidence: float = 0.95) -> float:
    """The share of resamples below the lower bound, and above the upper one, for `n_runs` runs in `n_groups` groups."""
    degrees = n_runs - n_groups
    return float(norm.sf(np.sqrt(n_runs / degrees) * t.ppf((1 + confidence) / 2, degrees)))


@lru_cache(maxsize=64)
def _resampled_weights(n_runs: int) -> Array:
    """For each resample, the weight of the lowest, second lowest, ... run in its IQM: `(n_resamples, n_runs)`.

    How often each run is drawn does not depend on the scores, so that one set of draws serves all curves and tables.
    """
    rng = np.random.default_rng(0)
    counts = rng.multinomial(n_runs, np.full(n_runs, 1 / n_runs), min(_N_RESAMPLES, max(_MAX_NUMBERS // n_runs, 1000)))
    trimmed = n_runs // 4
    after = np.cumsum(counts, axis=1)
    inside = np.clip(after, trimmed, n_runs - trimmed) - np.clip(after - counts, trimmed, n_runs - trimmed)
    return np.asarray(inside / (n_runs - 2 * trimmed))


def _averages(weights: Array, points: Array) -> Array:
    """The weighted averages `(n_points, n_resamples)` of sorted `points (n_points, n_runs)`.

    They are infinite where an infinite score has a weight.
    """
    infinite = np.isinf(points)
    if not infinite.any():
        return np.asarray(points @ weights.T)
    averages = np.where(infinite, 0.0, points) @ weights.T
    for sign in (-1, 1):
        averages[(points == sign * np.inf) @ weights.T > 0] = sign * np.inf
    return np.asarray(averages)


def _bounds(averages: Array, tail: float) -> Array:
    """Both bounds along the last axis, rounded outwards to one of the averages."""
    last = averages.shape[-1] - 1
    places = [low := int(tail * last), last - low]
    return np.moveaxis(np.sort(np.partition(averages, places, axis=-1)[..., places], axis=-1), -1, 0)
