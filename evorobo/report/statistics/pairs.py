"""One method against another: how often it is better, how sure that is, and by how many standard deviations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.stats import norm

from evorobo.arrays import Array


@dataclass(frozen=True)
class Probability:
    """A probability with its interval; NaN where there is none."""

    value: float
    low: float
    high: float


def probability_of_improvement(first: ArrayLike, second: ArrayLike, confidence: float = 0.95) -> Probability:
    """P(X > Y): how often a run of `first (n,)` beats one of `second (m,)`, ties counting half.

    It is Mann-Whitney's U / (n m), also known as A12 (Vargha & Delaney 2000) and the area under the ROC curve. The
    interval is Newcombe's (2006, method 5): unlike the bootstrap's it has a width where all runs of one side are
    better. Fewer than two runs on a side: no interval.
    """
    x, y = np.asarray(first, float), np.asarray(second, float)
    value = float(_wins(x, y[:, None]).mean())
    if min(len(x), len(y)) < 2:
        return Probability(value, np.nan, np.nan)
    return Probability(value, *_newcombe(value, len(x), len(y), confidence))


def mean_probability_of_improvement(
    first: Sequence[ArrayLike], second: Sequence[ArrayLike], confidence: float = 0.95
) -> Probability:
    """P(X > Y) on average over tasks, an array of runs for each on either side (Agarwal et al. 2021).

    The interval recovers the variance of the mean from the tasks' own intervals (Zou & Donner 2008), which keeps its
    width where one side wins everywhere. The numbers of runs may differ. Fewer than two runs anywhere: no interval.
    """
    each = [probability_of_improvement(x, y, confidence) for x, y in zip(first, second, strict=True)]
    value, low, high = np.array([(p.value, p.low, p.high) for p in each]).T
    below, above = (float(np.sqrt(((value - bound) ** 2).sum()) / len(each)) for bound in (low, high))
    return Probability(float(value.mean()), float(value.mean()) - below, float(value.mean()) + above)


def effect_size(first: ArrayLike, second: ArrayLike) -> float:
    """Cohen's d: the difference of the means in standard deviations, of the mean variance of both sides.

    NaN for fewer than two runs on a side, infinite where neither varies and the means differ.
    """
    x, y = np.asarray(first, float), np.asarray(second, float)
    if min(len(x), len(y)) < 2:
        return float("nan")
    difference = float(x.mean() - y.mean())
    spread = float(np.sqrt((x.var(ddof=1) + y.var(ddof=1)) / 2))
    if spread == 0:
        return 0.0 if difference == 0 else float(np.copysign(np.inf, difference))
    return difference / spread


def _wins(x: Array, y: Array) -> Array:
    return (x > y) + 0.5 * (x == y)


def _newcombe(value: float, n: int, m: int, confidence: float) -> tuple[float, float]:
    """The P whose distance from `value` is z of its own standard errors, below and above (Newcombe 2006, method 5)."""
    z = float(norm.ppf((1 + confidence) / 2))
    more = (n + m) / 2 - 1

    def excess(p: float) -> float:
        variance = p * (1 - p) * (1 + more * (1 - p) / (2 - p) + more * p / (1 + p)) / (n * m)
        return float((p - value) ** 2 - z**2 * variance)

    inside = min(max(value, 1e-12), 1 - 1e-12)  # at 0 and 1 the variance is none, and `value` itself a root
    low = brentq(excess, 0, inside) if value > 0 else 0.0
    high = brentq(excess, inside, 1) if value < 1 else 1.0
    return float(low), float(high)
