"""The objective of proximal policy optimization on a minibatch, and its derivatives."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from evorobo.arrays import Array

ADVANTAGE_EPSILON = 1e-8
"""Added to the standard deviation by which advantages are divided."""


class PolicyLoss(NamedTuple):
    """The loss of a minibatch, its derivatives `(rows,)` with respect to the log-probabilities, and the ratios."""

    value: float
    grad_log_probs: Array
    log_ratios: Array
    ratios: Array


def mean_of(numbers: Array) -> float:
    """The mean of `(rows,)`, for minibatches, where the method of an array takes longer than the arithmetic."""
    return float(np.add.reduce(numbers)) / len(numbers)


def policy_loss(log_probs: Array, old_log_probs: Array, advantages: Array, clip_range: float) -> PolicyLoss:
    """Minus the mean of min(ratio A, clipped ratio A) (Schulman et al. 2017, eq. 7)."""
    log_ratios = log_probs - old_log_probs
    ratios = np.exp(log_ratios)
    gains = ratios * advantages
    clipped = np.minimum(np.maximum(ratios, 1 - clip_range), 1 + clip_range) * advantages
    value = -mean_of(np.minimum(gains, clipped))
    return PolicyLoss(value, np.where(gains <= clipped, gains, 0.0) * (-1 / len(gains)), log_ratios, ratios)


def value_loss(values: Array, targets: Array, old_values: Array, clip_range: float | None) -> tuple[float, Array]:
    """The mean squared error of values and its derivatives `(rows,)`.

    With a `clip_range`, values count as at most this far from the old ones.
    """
    if clip_range is None:
        errors = values - targets
        return float(np.vdot(errors, errors)) / len(errors), errors * (2 / len(errors))
    changes = values - old_values
    errors = old_values + np.clip(changes, -clip_range, clip_range) - targets
    grads = np.where(np.abs(changes) <= clip_range, errors, 0.0) * (2 / len(errors))
    return float(np.vdot(errors, errors)) / len(errors), grads


def normalized(advantages: Array) -> Array:
    """Advantages of a minibatch, of mean 0 and standard deviation 1; a single one stays as it is."""
    if len(advantages) < 2:
        return advantages
    centered = advantages - mean_of(advantages)
    # the unbiased standard deviation, as in PyTorch
    return np.asarray(centered / (np.sqrt(np.vdot(centered, centered) / (len(centered) - 1)) + ADVANTAGE_EPSILON))


def mean_kl(log_ratios: Array, ratios: Array) -> float:
    """How far the policy is from the one that acted: the mean of (ratio - 1) - log ratio (Schulman 2020)."""
    return mean_of(ratios - 1 - log_ratios)


def explained_variance(values: Array, targets: Array) -> float:
    """1 - Var(targets - values) / Var(targets): 1 for a perfect critic, 0 for one that knows the mean only."""
    variance = float(targets.var())
    return 1 - float((targets - values).var()) / variance if variance > 0 else 0.0
