"""Tests for two groups of runs, the correction for several tests, and the power of a test."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats
from scipy.stats import nct, t

from evorobo.arrays import Array
from evorobo.errors import SettingsError


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


def mann_whitney_test(first: ArrayLike, second: ArrayLike) -> float:
    """The two-sided p of P(X > Y) = 1/2 (Mann & Whitney 1947): exact for small groups without ties."""
    return float(stats.mannwhitneyu(np.asarray(first, float), np.asarray(second, float)).pvalue)


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


MAX_RUNS = 2_000
"""The largest number of runs that `runs_needed` returns."""
_HUGE_EFFECT = 50
"""An effect of so many standard deviations needs two runs in each group at any level."""


def t_test_power(effect: float, n: int, alpha: float = 0.05) -> float:
    """The power of a two-sided t-test of level `alpha` for two groups of `n` runs with an `effect` (Cohen 1988)."""
    degrees, shift = 2 * n - 2, abs(effect) * np.sqrt(n / 2)
    bound = t.ppf(1 - alpha / 2, degrees)
    return float(nct.sf(bound, degrees, shift) + nct.cdf(-bound, degrees, shift))


def runs_needed(effect: float, alpha: float = 0.05, power: float = 0.8) -> int | None:
    """The number of runs in each group that a t-test needs to find an `effect` (Cohen's d) with the given power.

    None where it is more than `MAX_RUNS`, and for an unknown effect (NaN).
    """
    if abs(effect) > _HUGE_EFFECT:
        return 2
    low, high = 1, 2
    while not t_test_power(effect, high, alpha) >= power:
        low, high = high, 2 * high
        if high > MAX_RUNS:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if t_test_power(effect, middle, alpha) >= power else (middle, high)
    return high
