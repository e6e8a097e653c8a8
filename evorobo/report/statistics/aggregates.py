"""Many scores as one number: the interquartile mean, the optimality gap, the success rate."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import binomtest, trim_mean

from evorobo.arrays import Array
from evorobo.errors import SettingsError, unknown


def iqm(values: ArrayLike, axis: int = 0) -> Array:
    """The interquartile mean: the mean of the middle half (Agarwal et al. 2021).

    Of n values, the int(n / 4) smallest and the int(n / 4) largest are left out; below 4 values it is the plain mean.
    """
    return np.asarray(trim_mean(np.asarray(values, float), 0.25, axis=axis))


def optimality_gap(values: ArrayLike, axis: int = 0, target: float = 1.0) -> Array:
    """The mean shortfall of the scores below `target`; scores above the target count as the target.

    For normalized scores 0 is perfect, and 1 is as bad as the score 0 (Agarwal et al. 2021).
    """
    return np.asarray(target - np.minimum(np.asarray(values, float), target).mean(axis=axis))


def wilson_interval(successes: int, attempts: int, confidence: float = 0.95) -> tuple[float, float]:
    """The score interval of a success rate (Wilson 1927): low and high. It is valid for 0 or all successes too.

    Raises `SettingsError` for more successes than attempts, or without attempts.
    """
    if not 0 <= successes <= attempts or attempts < 1:
        raise SettingsError(f"{successes} successes of {attempts} attempts give no rate; count at least one attempt.")
    interval = binomtest(successes, attempts).proportion_ci(confidence, "wilson")
    return float(interval.low), float(interval.high)


def normalize(scores: ArrayLike, references: Mapping[str, float], zero: str = "random", one: str = "solved") -> Array:
    """Scale `scores` linearly so that the reference `zero` scores 0 and the reference `one` scores 1.

    Afterwards higher is better, also for metrics where lower is better. Raises `SettingsError` for a reference that is
    missing, and for two references with the same score.
    """
    for name in (zero, one):
        if name not in references:
            raise unknown("reference", name, references)
    low, high = references[zero], references[one]
    if not np.isfinite([low, high]).all() or low == high:
        raise SettingsError(f"{zero} ({low:g}) and {one} ({high:g}) span no scale; choose two references that differ.")
    return (np.asarray(scores, float) - low) / (high - low)
