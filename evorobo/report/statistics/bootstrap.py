"""Percentile bootstrap intervals of any statistic, over runs or over runs within tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from evorobo.arrays import Array
from evorobo.report.statistics.aggregates import iqm

_MAX_NUMBERS = 4_000_000  # resampled at once, 32 MB


class Statistic(Protocol):
    def __call__(self, values: Array, axis: int, /) -> Array: ...


def bootstrap_interval(
    values: ArrayLike,
    seed: int = 0,
    confidence: float = 0.95,
    statistic: Statistic = iqm,
    n_resamples: int = 2000,
) -> tuple[Array, Array]:
    """The percentile bootstrap interval of `statistic` over the runs of `values (n_runs, ...)`: low and high, `(...)`.

    Whole runs are resampled, so the points of a curve stay together. With fewer than two runs the interval is NaN.
    With few runs it is too narrow (see `formatting.few_runs_caution`).
    """
    return stratified_bootstrap_interval([values], seed, confidence, statistic, n_resamples)


def stratified_bootstrap_interval(
    tasks: Sequence[ArrayLike],
    seed: int = 0,
    confidence: float = 0.95,
    statistic: Statistic = iqm,
    n_resamples: int = 2000,
) -> tuple[Array, Array]:
    """The stratified bootstrap interval of `statistic` over all runs of `tasks`, each `(n_runs, ...)`.

    Runs are resampled within each task, so that each task keeps its number of runs (Agarwal et al. 2021). Numbers of
    runs may differ. With fewer than two runs in any task the interval is NaN.
    """
    strata = [np.asarray(values, float) for values in tasks]
    if min(map(len, strata)) < 2:
        nan = np.full(strata[0].shape[1:], np.nan)
        return nan, nan.copy()
    rng = np.random.default_rng(seed)
    n_numbers = sum(values.size for values in strata)
    results = []
    for first in range(0, n_resamples, size := max(_MAX_NUMBERS // n_numbers, 1)):
        shapes = [(min(size, n_resamples - first), len(values)) for values in strata]
        drawn = [values[rng.integers(len(values), size=shape)] for values, shape in zip(strata, shapes, strict=True)]
        results.append(statistic(np.concatenate(drawn, axis=1), 1))
    tail = (1 - confidence) / 2
    low, high = np.quantile(np.concatenate(results), [tail, 1 - tail], axis=0)
    return low, high
