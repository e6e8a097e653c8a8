"""How sure a few runs make us of any statistic: the percentile bootstrap, over runs or over runs within tasks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike

from evorobo.arrays import Array
from evorobo.report.statistics.aggregates import iqm

_AT_ONCE = 4_000_000  # numbers drawn in one go, 32 MB


class Statistic(Protocol):
    def __call__(self, values: Array, axis: int, /) -> Array: ...


def bootstrap_interval(
    values: ArrayLike,
    seed: int = 0,
    confidence: float = 0.95,
    statistic: Statistic = iqm,
    n_resamples: int = 2000,
) -> tuple[Array, Array]:
    """The percentile bootstrap interval of `statistic` over the runs of `values (runs, ...)`: low and high, `(...)`.

    Runs are drawn whole, so the points of a curve stay together. Fewer than two runs say nothing about
    the spread: NaN. With few runs the interval is too narrow (see `wording.few_runs`).
    """
    return stratified_bootstrap_interval([values], seed, confidence, statistic, n_resamples)


def stratified_bootstrap_interval(
    tasks: Sequence[ArrayLike],
    seed: int = 0,
    confidence: float = 0.95,
    statistic: Statistic = iqm,
    n_resamples: int = 2000,
) -> tuple[Array, Array]:
    """The stratified bootstrap interval of `statistic` over all runs of `tasks`, each `(runs, ...)`
    (Agarwal et al. 2021).

    Runs are drawn anew within each task, so that every draw holds every task as often as the data do; tasks may have
    unequal numbers of runs. Fewer than two runs in any task: NaN.
    """
    strata = [np.asarray(values, float) for values in tasks]
    if min(map(len, strata)) < 2:
        unknown = np.full(strata[0].shape[1:], np.nan)
        return unknown, unknown.copy()
    rng = np.random.default_rng(seed)
    together = sum(values.size for values in strata)
    results = []
    for first in range(0, n_resamples, size := max(_AT_ONCE // together, 1)):
        shapes = [(min(size, n_resamples - first), len(values)) for values in strata]
        drawn = [values[rng.integers(len(values), size=shape)] for values, shape in zip(strata, shapes, strict=True)]
        results.append(statistic(np.concatenate(drawn, axis=1), 1))
    tail = (1 - confidence) / 2
    low, high = np.quantile(np.concatenate(results), [tail, 1 - tail], axis=0)
    return low, high
