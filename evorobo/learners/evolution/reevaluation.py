"""Adaptive re-evaluation: how often a generation is scored, by the noise of its scores."""

from __future__ import annotations

import numpy as np

from evorobo.arrays import Array

LOW, HIGH = 0.5, 0.8
"""Below the first reliability a generation is scored more often, above the second less often."""


def reliability(values: Array) -> float:
    """The share of the differences between members that is not noise, from `values (k, n)` of k >= 2 rounds.

    This is ICC(3, k) of Shrout & Fleiss 1979: 1 - (noise variance of a mean) / (variance of the means). An effect that
    all members of a round share, an easy start for example, is not noise. The value is at most 1, and about 0 or
    negative for noise alone. Members without a finite score are left out.
    """
    values = values[:, np.isfinite(values).all(0)]
    rounds, members = values.shape
    if members < 2:
        return 1.0
    rest = values - values.mean(0) - values.mean(1, keepdims=True) + values.mean()
    noise = float(np.square(rest).sum()) / ((rounds - 1) * (members - 1) * rounds)
    spread = float(values.mean(0).var(ddof=1))
    return 1 - noise / spread if spread > 0 else float(noise == 0)


def adapt_evaluations(evaluations: int, icc: float, minimum: int, maximum: int) -> int:
    """The evaluations of the next generation: half as many again if the reliability is low, one less if it is high."""
    if icc < LOW:
        return min(maximum, evaluations + (evaluations + 1) // 2)
    return max(minimum, evaluations - 1) if icc > HIGH else evaluations
