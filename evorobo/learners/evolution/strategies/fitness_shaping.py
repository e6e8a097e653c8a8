"""Fitness shaping: ranks, utilities and recombination weights in place of raw scores."""

from __future__ import annotations

import numpy as np

from evorobo.arrays import Array


def centered_ranks(values: Array) -> Array:
    """Ranks of `values (n,)` from -0.5 (lowest) to 0.5; equal scores share the mean of their ranks."""
    ascending = np.sort(values)
    below, not_above = (np.searchsorted(ascending, values, side) for side in ("left", "right"))
    return (below + (not_above - below - 1) / 2) / (len(values) - 1) - 0.5


def nes_utilities(values: Array) -> Array:
    """The utilities of `values (n,)`: max(0, ln(n/2 + 1) - ln k) for the k-th best, normalized, minus 1/n.

    They sum to 0, and are the same for all members of the worse half (Wierstra et al. 2014, section 3.1).
    """
    n = len(values)
    raw = np.maximum(0, np.log(n / 2 + 1) - np.log(np.arange(1, n + 1)))
    utilities = np.empty(n)
    utilities[np.argsort(-values, kind="stable")] = raw / raw.sum() - 1 / n
    return utilities


def recombination_weights(n_parents: int) -> Array:
    """ln(mu + 1/2) - ln i for the i-th best of mu parents, normalized to sum to 1 (Hansen & Ostermeier 2001)."""
    weights = np.log(n_parents + 0.5) - np.log(np.arange(1, n_parents + 1))
    return weights / weights.sum()
