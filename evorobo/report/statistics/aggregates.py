"""Many scores as one number: the interquartile mean, the optimality gap, the success rate."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import beta, trim_mean

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


def success_rate_interval(successes: ArrayLike, attempts: int, confidence: float = 0.95) -> tuple[Array, Array]:
    """The exact interval of success rates (Clopper & Pearson 1934): low and high, in the shape of `successes`.

    It contains the true rate with at least this confidence at every rate and every number of attempts. Successes may
    be fractions, as ties are. Raises
    `SettingsError` for more successes than attempts, or without attempts.
    """
    counts = np.asarray(successes, float)
    if attempts < 1 or (counts < 0).any() or (counts > attempts).any():
        raise SettingsError(f"{counts} successes of {attempts} attempts give no rate; count at least one attempt.")
    tail = (1 - confidence) / 2
    failures = attempts - counts
    low = np.where(counts > 0, beta.ppf(tail, np.where(counts > 0, counts, 1), failures + 1), 0.0)
    high = np.where(failures > 0, beta.isf(tail, counts + 1, np.where(failures > 0, failures, 1)), 1.0)
    return low, high


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
