"""Two methods compared: the probability of improvement with its interval and its test, and the effect size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize.elementwise import find_root
from scipy.special import expit, logit
from scipy.stats import norm, rankdata, t

from evorobo.arrays import Array
from evorobo.report.statistics.aggregates import success_rate_interval


@dataclass(frozen=True)
class Probability:
    """A probability with its interval; the bounds are NaN where there is no interval."""

    value: float
    low: float
    high: float


def probability_of_improvement(first: ArrayLike, second: ArrayLike, confidence: float = 0.95) -> Probability:
    """P(X > Y): the probability that a run of `first (n,)` beats a run of `second (m,)`; ties count half.

    It equals Mann-Whitney's U / (n m), also known as A12 (Vargha & Delaney 2000) and as the area under the ROC curve.
    The interval is the widest one on each side of `newcombe_interval`, which has a width where all runs of one side are
    better, of `placement_interval`, which is right where one side scatters more, and of `extreme_interval`, where both
    are the case. With fewer than two runs on a side there is no interval. Scores may be infinite, as those of diverged
    runs are.
    """
    x, y = np.asarray(first, float), np.asarray(second, float)
    pair = placements(x, y)
    if min(len(x), len(y)) < 2:
        return Probability(float(pair.value), np.nan, np.nan)
    low, high = probability_interval(pair, confidence)
    return Probability(float(pair.value), float(low), float(high))


class Placements(NamedTuple):
    """P of each pair of samples `(...)`, and the variances of the shares of the other side that each run beats."""

    value: Array
    n_first: int
    n_second: int
    variance_first: Array
    variance_second: Array

    @property
    def variance(self) -> Array:
        """The variance of P (Brunner & Munzel 2000)."""
        return self.variance_first / self.n_first + self.variance_second / self.n_second

    @property
    def degrees(self) -> Array:
        """The degrees of freedom of that variance (Brunner & Munzel 2000)."""
        one, other = self.variance_first / self.n_first, self.variance_second / self.n_second
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray((one + other) ** 2 / (one**2 / (self.n_first - 1) + other**2 / (self.n_second - 1)))


def placements(first: Array, second: Array) -> Placements:
    """The placements of samples `(..., n)` among samples `(..., m)`, from their ranks (Brunner & Munzel 2000).

    The variances are NaN with fewer than two runs on a side.
    """
    n, m = first.shape[-1], second.shape[-1]
    together = rankdata(np.concatenate([first, second], axis=-1), axis=-1)
    beaten = (together[..., :n] - rankdata(first, axis=-1)) / m
    lost = (together[..., n:] - rankdata(second, axis=-1)) / n
    nan = np.full(beaten.shape[:-1], np.nan)
    variances = (shares.var(axis=-1, ddof=1) if min(n, m) > 1 else nan for shares in (beaten, lost))
    return Placements(beaten.mean(axis=-1), n, m, *variances)


def probability_interval(pair: Placements, confidence: float = 0.95) -> tuple[Array, Array]:
    """The interval of `probability_of_improvement`, for arrays of pairs."""
    intervals = [
        newcombe_interval(pair, confidence), placement_interval(pair, confidence), extreme_interval(pair, confidence)
    ]  # fmt: skip
    low, high = np.array(intervals).swapaxes(0, 1)
    return low.min(axis=0), high.max(axis=0)


def extreme_interval(pair: Placements, confidence: float = 0.95) -> tuple[Array, Array]:
    """The interval where P is so close to 0 or 1 that its variance cannot be estimated; the value alone elsewhere.

    This is where 1 - P or P is less than 2 / min(n, m), about two lost or won runs of the smaller side. It is Wilson's
    (1927) interval with the largest variance that P can have, P (1 - P) / min(n, m) (Birnbaum & Klose 1957). Below 6
    runs it is that of Clopper & Pearson (1934) for min(n, m) runs: where the modes of one side lie around the other
    side, all 5 runs win with probability 1/32, so that 1/2 has to be inside.
    """
    z, n, value = float(norm.ppf((1 + confidence) / 2)), min(pair.n_first, pair.n_second), pair.value
    middle = (value + z**2 / (2 * n)) / (1 + z**2 / n)
    reach = z / (1 + z**2 / n) * np.sqrt(value * (1 - value) / n + z**2 / (4 * n**2))
    is_extreme = n * np.minimum(value, 1 - value) < 2
    low, high = success_rate_interval(n * value, n, confidence) if n < 6 else (middle - reach, middle + reach)
    return np.where(is_extreme, low, value), np.where(is_extreme, high, value)


def newcombe_interval(pair: Placements, confidence: float = 0.95) -> tuple[Array, Array]:
    """The two P that lie z of their own standard errors below and above the value (Newcombe 2006, method 5)."""
    z = float(norm.ppf((1 + confidence) / 2))

    def excess(p: Array, value: Array) -> Array:
        return np.asarray((p - value) ** 2 - z**2 * _newcombe_variance(p, pair.n_first, pair.n_second))

    value = np.asarray(pair.value, float)
    inside = np.clip(value, 1e-12, 1 - 1e-12)  # at 0 and 1 the variance is 0, and the value itself a root
    low = np.where(value > 0, find_root(excess, (np.zeros_like(value), inside), args=(value,)).x, 0.0)
    high = np.where(value < 1, find_root(excess, (inside, np.ones_like(value)), args=(value,)).x, 1.0)
    return low, high


def placement_interval(pair: Placements, confidence: float = 0.95) -> tuple[Array, Array]:
    """The interval from the variances of the placements, symmetric in the logit of P.

    The variance and its degrees of freedom are those of Brunner & Munzel (2000, section 3); the logit keeps the bounds
    between 0 and 1 (Konietschke, Hothorn & Brunner 2012, equation 3.4). It is the value alone where P is 0 or 1, or
    where all runs of each side beat the same share of the other.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        error = np.sqrt(pair.variance) / (pair.value * (1 - pair.value))
        reach = t.ppf((1 + confidence) / 2, pair.degrees) * error
        low, high = expit(logit(pair.value) - reach), expit(logit(pair.value) + reach)
    known = np.isfinite(reach)
    return np.where(known, low, pair.value), np.where(known, high, pair.value)


def probability_test(first: ArrayLike, second: ArrayLike) -> Array:
    """The two-sided p of P(X > Y) = 1/2, for samples `(..., n)` and `(..., m)`: the larger p of two tests.

    One has the variance that P has at 1/2 (Newcombe 2006, method 5), and is reliable for few runs and for ties. The
    other is that of Brunner & Munzel (2000), and is reliable where one side scatters more. NaN with a single run.
    """
    pair = placements(np.asarray(first, float), np.asarray(second, float))
    distance = np.abs(pair.value - 0.5)
    if min(pair.n_first, pair.n_second) < 2:
        return np.full(distance.shape, np.nan)
    newcombe = 2 * norm.sf(distance / np.sqrt(_newcombe_variance(0.5, pair.n_first, pair.n_second)))
    with np.errstate(invalid="ignore", divide="ignore"):
        brunner_munzel = 2 * t.sf(distance / np.sqrt(pair.variance), pair.degrees)
    return np.fmax(newcombe, np.where(pair.variance > 0, brunner_munzel, np.nan))


def probability_test_power(value: float, n_first: int, n_second: int, alpha: float = 0.05) -> float:
    """The power of `probability_test` for a true P of `value`, with the variance at 1/2 (Noether 1987, section 2)."""
    error = np.sqrt(_newcombe_variance(0.5, n_first, n_second))
    return float(norm.sf(norm.isf(alpha / 2) - abs(value - 0.5) / error))


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


def _newcombe_variance(p: Array | float, n: int, m: int) -> Array:
    """The variance of P at `p` (Newcombe 2006, method 5)."""
    extra = (n + m) / 2 - 1
    return np.asarray(p * (1 - p) * (1 + extra * (1 - p) / (2 - p) + extra * p / (1 + p)) / (n * m))
