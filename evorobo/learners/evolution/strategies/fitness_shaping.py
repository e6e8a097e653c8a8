"""What a score is worth: the ranks, utilities and weights that stand in for raw scores."""

from __future__ import annotations

import numpy as np

from evorobo.arrays import Array


def centered_ranks(values: Array) -> Array:
    """Ranks of `values (n,)` from -0.5 (lowest) to 0.5; equal scores share the mean of their ranks."""
    below = (values[:, None] > values).sum(1)
    equal = (values[:, None] == values).sum(1)
    return (below + (equal - 1) / 2) / (len(values) - 1) - 0.5


def nes_utilities(values: Array) -> Array:
    """max(0, ln(n/2 + 1) - ln k) for the k-th best of `values (n,)`, made to sum to 1, less 1/n (Wierstra et al. 2014).

    Below the middle all are worth the same: of bad members it does not matter how bad they are.
    """
    n = len(values)
    worth = np.maximum(0, np.log(n / 2 + 1) - np.log(np.arange(1, n + 1)))
    shaped = np.empty(n)
    shaped[np.argsort(-values, kind="stable")] = worth / worth.sum() - 1 / n
    return shaped


def recombination_weights(n_parents: int) -> Array:
    """ln(mu + 1/2) - ln i for the i-th best of mu parents, made to sum to 1 (Hansen & Ostermeier 2001)."""
    weights = np.log(n_parents + 0.5) - np.log(np.arange(1, n_parents + 1))
    return weights / weights.sum()
