"""The cost of reaching a score when some runs never reach it: Kaplan-Meier, expected running time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import CensoredData, ecdf

from evorobo.arrays import Array
from evorobo.errors import SettingsError
from evorobo.report.statistics.learning_curves import Curve


@dataclass(frozen=True, eq=False)
class HittingTimes:
    """The cost of each run `(n_runs,)` when it first reached a threshold.

    Where `reached (n_runs,)` is False it is the cost at the end of the run (the time is censored).
    """

    costs: Array
    reached: np.ndarray

    @property
    def n_solved(self) -> int:
        return int(self.reached.sum())

    @property
    def n_runs(self) -> int:
        return len(self.reached)


@dataclass(frozen=True, eq=False)
class KaplanMeierCurve:
    """The `share` of runs that have reached a threshold at each cost: a step function of arrays `(n_steps,)`.

    `median` is the cost at which half of the runs have reached the threshold; it is infinite where fewer do.
    """

    costs: Array
    share: Array
    median: float


def time_to_threshold(curves: Sequence[Curve], threshold: float, higher_is_better: bool = True) -> HittingTimes:
    """The x of the first eval at which each of `curves` scores `threshold` or better.

    Raises `SettingsError` without curves, or for a curve without evals.
    """
    if not curves or min(len(x) for x, _ in curves) < 1:
        raise SettingsError("a time to a threshold needs runs with at least one eval; run the study first.")
    sign = 1 if higher_is_better else -1
    hits = [sign * y >= sign * threshold for _, y in curves]
    reached = np.array([hit.any() for hit in hits])
    costs = np.array([x[np.argmax(hit)] if hit.any() else x[-1] for (x, _), hit in zip(curves, hits, strict=True)])
    return HittingTimes(costs, reached)


def kaplan_meier(times: HittingTimes) -> KaplanMeierCurve:
    """The share of runs that reach the threshold by each cost (Kaplan & Meier 1958).

    Runs that ended before they reached it are counted as long as they lasted.
    """
    sample = CensoredData(times.costs[times.reached], right=times.costs[~times.reached])
    solved = ecdf(sample).cdf
    costs, share = np.asarray(solved.quantiles, float), np.asarray(solved.probabilities, float)
    half = costs[share >= 0.5]
    return KaplanMeierCurve(costs, share, float(half[0]) if len(half) else float("inf"))


def expected_running_time(times: HittingTimes) -> float:
    """The mean cost of a success when failed runs are repeated: the cost of all runs over the number of successes.

    It is infinite without a success (Hansen et al. 2021, the COCO convention).
    """
    return float(times.costs.sum() / times.n_solved) if times.n_solved else float("inf")
