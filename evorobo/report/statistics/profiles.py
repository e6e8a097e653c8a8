"""Performance profiles: the share of runs above each score."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from evorobo.arrays import Array
from evorobo.report.statistics.aggregates import success_rate_interval


@dataclass(frozen=True, eq=False)
class Profile:
    """The `share` of runs above each of `taus`, with its 95% band; all arrays are `(n_taus,)`."""

    taus: Array
    share: Array
    low: Array
    high: Array


def performance_profile(tasks: Sequence[ArrayLike], taus: ArrayLike | None = None) -> Profile:
    """The share of runs over all `tasks` that score strictly more than tau (Agarwal et al. 2021).

    Each task is an array `(n_runs,)`; all scores are on one scale, and minus infinity for a run that diverged. By
    default there are 101 `taus` from the lowest finite score to the highest. The band is that of a success rate
    (Clopper & Pearson 1934); over several tasks it is wider than needed (Hoeffding 1956).
    """
    scores = np.concatenate([np.asarray(values, float) for values in tasks])
    finite = scores[np.isfinite(scores)]
    grid = np.linspace(finite.min(), finite.max(), 101) if taus is None else np.asarray(taus, float)
    above = (scores[:, None] > grid).sum(axis=0)
    low, high = success_rate_interval(above, len(scores))
    return Profile(grid, above / len(scores), low, high)
