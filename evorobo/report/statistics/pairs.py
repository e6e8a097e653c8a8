"""Two methods compared: the probability of improvement with its interval, and the effect size."""

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
    """A probability with its interval; the bounds are NaN where there is no interval."""

    value: float
    low: float
    high: float


def probability_of_improvement(first: ArrayLike, second: ArrayLike, confidence: float = 0.95) -> Probability:
    """P(X > Y): the probability that a run of `first (n,)` beats a run of `second (m,)`; ties count half.

    It equals Mann-Whitney's U / (n m), also known as A12 (Vargha & Delaney 2000) and as the area under the ROC curve.
    The interval is Newcombe's (2006, method 5). Unlike the bootstrap interval it has a width where all runs of one side
    are better. With fewer than two runs on a side there is no interval.
    """
    x, y = np.asarray(first, float), np.asarray(second, float)
    value = float(_wins(x, y[:, None]).mean())
    if min(len(x), len(y)) < 2:
        return Probability(value, np.nan, np.nan)
    return Probability(value, *_newcombe(value, len(x), len(y), confidence))


def mean_probability_of_improvement(
    first: Sequence[ArrayLike], second: Sequence[ArrayLike], confidence: float = 0.95
) -> Probability:
    """The mean of P(X > Y) over tasks, given an array of runs for each task on both sides (Agarwal et al. 2021).

    The interval recovers the variance of the mean from the intervals of the tasks (Zou & Donner 2008), and keeps its
    width where one side always wins. Numbers of runs may differ. With fewer than two runs anywhere it is NaN.
    """
    by_task = [probability_of_improvement(x, y, confidence) for x, y in zip(first, second, strict=True)]
    value, low, high = np.array([(p.value, p.low, p.high) for p in by_task]).T
    below, above = (float(np.sqrt(((value - bound) ** 2).sum()) / len(by_task)) for bound in (low, high))
    return Probability(float(value.mean()), float(value.mean()) - below, float(value.mean()) + above)


def effect_size(first: ArrayLike, second: ArrayLike) -> float:
    """Cohen's d: the difference of the means divided by the root of the average variance of both sides.

    NaN for fewer than two runs on a side, infinite where neither side varies and the means differ.
    """
    x, y = np.asarray(first, float), np.asarray(second, float)
    if min(len(x), len(y)) < 2:
        return float("nan")
    difference = float(x.mean() - y.mean())
    sd = float(np.sqrt((x.var(ddof=1) + y.var(ddof=1)) / 2))
    if sd == 0:
        return 0.0 if difference == 0 else float(np.copysign(np.inf, difference))
    return difference / sd


def _wins(x: Array, y: Array) -> Array:
    return (x > y) + 0.5 * (x == y)


def _newcombe(value: float, n: int, m: int, confidence: float) -> tuple[float, float]:
    """The two P that lie z of their own standard errors below and above `value` (Newcombe 2006, method 5)."""
    z = float(norm.ppf((1 + confidence) / 2))
    extra = (n + m) / 2 - 1

    def excess(p: float) -> float:
        variance = p * (1 - p) * (1 + extra * (1 - p) / (2 - p) + extra * p / (1 + p)) / (n * m)
        return float((p - value) ** 2 - z**2 * variance)

    inside = min(max(value, 1e-12), 1 - 1e-12)  # at 0 and 1 the variance is 0, and `value` itself a root
    low = brentq(excess, 0, inside) if value > 0 else 0.0
    high = brentq(excess, inside, 1) if value < 1 else 1.0
    return float(low), float(high)
