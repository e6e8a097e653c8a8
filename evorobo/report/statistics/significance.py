"""Tests for two groups of runs, the correction for several tests, and the power of a test."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from scipy.stats import nct, t

from evorobo.arrays import Array
from evorobo.errors import SettingsError
from evorobo.report.statistics.pairs import placements, probability_test, probability_test_power


def welch_test(first: ArrayLike, second: ArrayLike) -> float:
    """The two-sided p of Welch's t-test for groups of unequal variance (Welch 1947; recommended by Colas et al. 2019).

    Where neither group varies the t-test is undefined and the permutation test is used. NaN for fewer than two runs.
    """
    x, y = np.asarray(first, float), np.asarray(second, float)
    if min(len(x), len(y)) < 2:
        return float("nan")
    if not (_varies(x) or _varies(y)):
        return permutation_test(x, y) if _varies(np.append(x, y)) else 1.0
    one, other = ((group.mean(), group.std(ddof=1), len(group)) for group in (x, y))
    return float(stats.ttest_ind_from_stats(*one, *other, equal_var=False).pvalue)


def hall_test(first: ArrayLike, second: ArrayLike) -> Array:
    """The two-sided p of equal means of skewed samples `(..., n)` and `(..., m)` (Hall 1992, JRSS B 54).

    Welch's t is transformed by t + g t^2 / 3 + g^2 t^3 / 27 + g / 6, where g is the skewness of the difference of the
    means; this removes most of the effect of skewness on its distribution. The formula is Hall's for one sample, with
    the third cumulant of a difference. It is an expansion around 0 that turns back at g t = -3, so t is left as it is
    below g t = -2, where more than half of it would be taken away. NaN for fewer than three runs on a side, and where
    neither side varies.
    """
    x, y = np.asarray(first, float), np.asarray(second, float)
    n, m = x.shape[-1], y.shape[-1]
    if min(n, m) < 3:
        return np.full(x.shape[:-1], np.nan)
    one, other = x.var(axis=-1, ddof=1) / n, y.var(axis=-1, ddof=1) / m
    with np.errstate(invalid="ignore", divide="ignore"):
        skewness = (_third_cumulant_of_mean(x) - _third_cumulant_of_mean(y)) / (one + other) ** 1.5
        value, degrees = _welch_t(x, y)
        transformed = value + skewness * value**2 / 3 + skewness**2 * value**3 / 27 + skewness / 6
        value = np.where(skewness * value < -2, value, transformed)
    return np.asarray(2 * t.sf(np.abs(value), degrees))


def _welch_t(x: Array, y: Array) -> tuple[Array, Array]:
    """Welch's t of samples `(..., n)` and `(..., m)`, and its degrees of freedom."""
    n, m = x.shape[-1], y.shape[-1]
    one, other = x.var(axis=-1, ddof=1) / n, y.var(axis=-1, ddof=1) / m
    value = (x.mean(axis=-1) - y.mean(axis=-1)) / np.sqrt(one + other)
    return value, (one + other) ** 2 / (one**2 / (n - 1) + other**2 / (m - 1))


def _third_cumulant_of_mean(x: Array) -> Array:
    """The unbiased estimate of the third cumulant of the mean of samples `(..., n)`."""
    n = x.shape[-1]
    return np.asarray(((x - x.mean(axis=-1, keepdims=True)) ** 3).sum(axis=-1) / (n * (n - 1) * (n - 2)))


def permutation_test(first: ArrayLike, second: ArrayLike, seed: int = 0, n_resamples: int = 9999) -> float:
    """The two-sided p of the difference of means over all assignments of the runs to two groups (Fisher 1935).

    It is twice the smaller tail. It is exact where there are at most `n_resamples` assignments; otherwise it comes from
    as many random ones and is never 0 (Phipson & Smyth 2010).
    """
    x, y = np.asarray(first, float), np.asarray(second, float)
    result = stats.permutation_test(
        (x, y), _difference, vectorized=True, n_resamples=n_resamples, rng=np.random.default_rng(seed)
    )
    return float(result.pvalue)


def holm_correction(p_values: Sequence[float]) -> Array:
    """The p-values `(n_tests,)` corrected for the number of tests (Holm 1979).

    The probability of any false positive is then at most that of a single test. NaN stays NaN and is not counted.
    """
    p = np.asarray(p_values, float)
    if ((p < 0) | (p > 1)).any():
        raise SettingsError(f"a p-value must be between 0 and 1, not {p[(p < 0) | (p > 1)][0]:g}.")
    order = np.argsort(p, kind="stable")[: np.isfinite(p).sum()]
    stretched = p[order] * np.arange(len(order), 0, -1)
    corrected = np.full(p.shape, np.nan)
    corrected[order] = np.minimum(np.maximum.accumulate(stretched), 1.0)
    return corrected


def _varies(x: Array) -> bool:
    """Whether values differ by more than rounding errors."""
    return bool(np.ptp(x) > 1e-12 * np.abs(x).max())


def _difference(x: Array, y: Array, axis: int) -> Array:
    return np.asarray(x.mean(axis=axis) - y.mean(axis=axis))


_MAX_SHIFT = 50.0  # standard errors; the noncentral t distribution overflows beyond

MAX_ADDED_RUNS = 2_000
"""The largest number of runs that `additional_runs` returns."""

MIN_RUNS = 6
"""With fewer runs on a side nothing is decided: where the other side hardly scatters, 5 runs lie on one side of its
median with probability 2 / 2^5 = 0.0625, and no test can tell this from a difference."""


def verdict_level(n_verdicts_before: int, alpha: float = 0.05) -> float:
    """The level of a test that is repeated with more runs while it is undecided; all levels add up to `alpha`.

    The first test spends four fifths of `alpha`, each later one four fifths of the rest (alpha spending, Lan & DeMets
    1983, with Bonferroni's bound instead of the joint distribution of all tests).
    """
    return alpha * 0.8 * 0.2**n_verdicts_before


def welch_power(difference: float, sds: tuple[float, float], counts: tuple[int, int], alpha: float = 0.05) -> float:
    """The power of a two-sided Welch test of level `alpha`, from the noncentral t distribution (Cohen 1988).

    The degrees of freedom are Welch's (1947) for the standard deviations `sds` and numbers of runs `counts`; with equal
    ones they are 2 n - 2, and where one side is constant n - 1 of the other.
    """
    one, other = (sd**2 / n for sd, n in zip(sds, counts, strict=True))
    degrees = (one + other) ** 2 / (one**2 / (counts[0] - 1) + other**2 / (counts[1] - 1))
    shift = min(abs(difference) / np.sqrt(one + other), _MAX_SHIFT)
    bound = t.ppf(1 - alpha / 2, degrees)
    other_side = nct.cdf(-bound, degrees, shift) if shift < 3 else 0.0  # NaN in SciPy where it is negligible
    return float(nct.sf(bound, degrees, shift) + other_side)


_SKEWNESS_RUNS = 30  # with more runs on each side Hall's test takes less than .005 of Welch's power
_N_SIMULATED = 1000


def means_power(difference: float, sds: tuple[float, float], counts: tuple[int, int], alpha: float = 0.05) -> float:
    """The probability that `welch_test` and `hall_test` both have a p below `alpha`, for normal scores.

    With few runs the skewness of the samples, which Hall's test estimates, takes up to a tenth of the power of Welch's
    test. There it is the share of 1000 simulated comparisons, the same ones at each call; else it is `welch_power`.
    """
    if min(counts) > _SKEWNESS_RUNS:
        return welch_power(difference, sds, counts, alpha)
    rng = np.random.default_rng(0)
    x, y = (sd * rng.normal(size=(_N_SIMULATED, n)) for sd, n in zip(sds, counts, strict=True))
    x += abs(difference)
    value, degrees = _welch_t(x, y)
    return float(np.mean((2 * t.sf(np.abs(value), degrees) < alpha) & (hall_test(x, y) < alpha)))


def additional_runs(first: ArrayLike, second: ArrayLike, alpha: float = 0.05, power: float = 0.8) -> int | None:
    """The smallest number of runs, at least 1, to add to each side so that `decision_test` has the given power.

    It assumes that means, standard deviations and P are as observed. The tests of the means have this power together,
    and the test of P has it; where runs diverged or neither side varies, the test of P alone. None where it is more
    than `MAX_ADDED_RUNS`, and with fewer than two runs on a side.
    """
    x, y = np.asarray(first, float), np.asarray(second, float)
    if min(len(x), len(y)) < 2:
        return None
    value = float(placements(x, y).value)
    has_means = bool(np.isfinite(x).all() and np.isfinite(y).all()) and (_varies(x) or _varies(y))
    difference, sds = (float(x.mean() - y.mean()), (x.std(ddof=1), y.std(ddof=1))) if has_means else (0.0, (0.0, 0.0))

    def is_enough(added: int) -> bool:
        counts = len(x) + added, len(y) + added
        if min(counts) < MIN_RUNS or probability_test_power(value, *counts, alpha) < power:
            return False  # the permutation test of constant sides has a smaller p than the test of P
        return not has_means or welch_power(difference, sds, counts, alpha) >= power

    low, high = 0, 1
    while not is_enough(high):
        low, high = high, 2 * high
        if high > MAX_ADDED_RUNS:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    while has_means and means_power(difference, sds, (len(x) + high, len(y) + high), alpha) < power:
        high += 1
    return high


def decision_test(first: ArrayLike, second: ArrayLike) -> float:
    """The p of a verdict, under the null that P is 1/2: neither side wins more than half of the pairs.

    It is the larger p of `probability_test`, `welch_test` and `hall_test` (an intersection-union test, Berger 1982), so
    that a side that wins more pairs but has no higher mean is not called better. Where runs diverged, and so have no
    mean, it is that of `probability_test`. NaN with fewer than two runs on a side.
    """
    x, y = np.asarray(first, float), np.asarray(second, float)
    of_pairs = float(probability_test(x, y))
    if not np.isfinite([*x, *y]).all():
        return of_pairs
    of_means = welch_test(x, y)
    has_skewness = min(len(x), len(y)) > 2 and (_varies(x) or _varies(y))
    return max(of_pairs, of_means, float(hall_test(x, y)) if has_skewness else of_means)
