"""How often a generation is scored: once, a few times, or as often as the noise of its scores asks for."""

from __future__ import annotations

import numpy as np

from evorobo.arrays import Array

LOW, HIGH = 0.5, 0.8
"""Below the one reliability a generation is too noisy to choose from, above the other it is scored too often."""


def reliability(values: Array) -> float:
    """Which share of the differences between members is not chance, from `values (k, n)` of k >= 2 rounds of scoring.

    ICC(3, k) of Shrout & Fleiss 1979: 1 - (noise of a member's mean) / (variance of the means). What all members of a
    round share, an easy start for example, is no noise. At most 1; about 0 or below where all is chance. Members
    without a finite score are left out.
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
    """The next generation's repeats: half as many again where `found` is low, one less where it is high."""
    if icc < LOW:
        return min(maximum, evaluations + (evaluations + 1) // 2)
    return max(minimum, evaluations - 1) if icc > HIGH else evaluations
