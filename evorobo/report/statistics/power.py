"""How many runs a decision takes: the power of the t-test for two groups of equal size."""

from __future__ import annotations

import numpy as np
from scipy.stats import nct, t

MOST = 2_000
"""Beyond so many runs nobody is told a number."""
_PLAIN = 50
"""Standard deviations that two runs a group show at any level."""


def power(effect: float, n: int, alpha: float = 0.05) -> float:
    """How often two groups of `n` runs, `effect` standard deviations apart, are told apart by a two-sided t-test of
    level `alpha` (Cohen 1988)."""
    degrees, shift = 2 * n - 2, abs(effect) * np.sqrt(n / 2)
    bound = t.ppf(1 - alpha / 2, degrees)
    return float(nct.sf(bound, degrees, shift) + nct.cdf(-bound, degrees, shift))


def runs_needed(effect: float, alpha: float = 0.05, wanted: float = 0.8) -> int | None:
    """The fewest runs a group with which an `effect` (Cohen's d) is found with power `wanted`; None beyond `MOST`, or
    for an effect that nobody knows (NaN)."""
    if abs(effect) > _PLAIN:
        return 2
    low, high = 1, 2
    while not power(effect, high, alpha) >= wanted:
        low, high = high, 2 * high
        if high > MOST:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power(effect, middle, alpha) >= wanted else (middle, high)
    return high
