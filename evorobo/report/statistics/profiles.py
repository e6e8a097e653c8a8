"""Performance profiles: the share of runs above each score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evorobo.arrays import Array
from evorobo.report.statistics.bootstrap import stratified_bootstrap_interval


@dataclass(frozen=True, eq=False)
class Profile:
    """The `share` of runs above each of `taus`, with its 95% bootstrap band; all arrays are `(n_taus,)`."""

    taus: Array
    share: Array
    low: Array
    high: Array


def performance_profile(tasks: Sequence[ArrayLike], taus: ArrayLike | None = None, seed: int = 0) -> Profile:
    """The share of runs over all `tasks` that score strictly more than tau (Agarwal et al. 2021).

    Each task is an array `(n_runs,)`; all scores are on one scale. By default there are 101 `taus` from the lowest
    score to the highest. The band comes from the stratified bootstrap; NaN where a task has fewer than two runs.
    """
    scores = [np.asarray(values, float) for values in tasks]
    every = np.concatenate(scores)
    grid = np.linspace(every.min(), every.max(), 101) if taus is None else np.asarray(taus, float)
    above = [(values[:, None] > grid).astype(float) for values in scores]
    low, high = stratified_bootstrap_interval(above, seed, statistic=_mean)
    return Profile(grid, np.concatenate(above).mean(axis=0), low, high)


def _mean(values: Array, axis: int) -> Array:
    return np.asarray(values.mean(axis=axis))
