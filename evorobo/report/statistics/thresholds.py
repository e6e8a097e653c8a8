"""How soon a score is reached when some runs never reach it: Kaplan-Meier, expected running time."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import CensoredData, ecdf

from evorobo.arrays import Array
from evorobo.errors import SettingsError


@dataclass(frozen=True, eq=False)
class HittingTimes:
    """What each run had paid `(runs,)` when it first reached a threshold, or, where `reached (runs,)` is False, at its
    end: it would have taken longer (the time is censored)."""

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
    """The `share` of runs that has reached a threshold at each `price`, a step function, with its interval `low` to
    `high` (NaN where it is 0 or 1), all `(steps,)`; `median` is the price at which half of them have, infinite where
    they never do."""

    costs: Array
    share: Array
    low: Array
    high: Array
    median: float


def time_to_threshold(
    curves: Sequence[tuple[Array, Array]], threshold: float, higher_is_better: bool = True
) -> HittingTimes:
    """When each of `curves`, given as `(x, y)`, first scores `threshold` or better, seen at its looks.

    Raises `SettingsError` without curves, or for one without looks.
    """
    if not curves or min(len(x) for x, _ in curves) < 1:
        raise SettingsError("a time to a threshold needs runs that have been looked at; run the study first.")
    sign = 1 if higher_is_better else -1
    hits = [sign * y >= sign * threshold for _, y in curves]
    reached = np.array([hit.any() for hit in hits])
    paid = np.array([x[np.argmax(hit)] if hit.any() else x[-1] for (x, _), hit in zip(curves, hits, strict=True)])
    return HittingTimes(paid, reached)


def kaplan_meier(times: HittingTimes, confidence: float = 0.95) -> KaplanMeierCurve:
    """The share of runs that solves the task by each price, runs that ended unsolved counted as long as they lasted
    (Kaplan & Meier 1958), with Greenwood's interval on the log-log scale."""
    sample = CensoredData(times.costs[times.reached], right=times.costs[~times.reached])
    solved = ecdf(sample).cdf
    price, share = np.asarray(solved.quantiles, float), np.asarray(solved.probabilities, float)
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)  # no interval where none has solved, or all: NaN
        bounds: Any = solved.confidence_interval(confidence, method="log-log")  # its stubs say float
    low, high = (np.asarray(side.probabilities, float) for side in (bounds.low, bounds.high))
    half = price[share >= 0.5]
    return KaplanMeierCurve(price, share, low, high, float(half[0]) if len(half) else float("inf"))


def expected_running_time(times: HittingTimes) -> float:
    """What one success costs on average when a run that fails is followed by another: all that was paid over the
    number of successes (Hansen et al. 2021, the COCO convention); infinite without any."""
    return float(times.costs.sum() / times.n_solved) if times.n_solved else float("inf")
