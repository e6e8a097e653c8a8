"""Orthogonal initialization (Saxe, McClelland & Ganguli 2014), as it is usual for policy gradients."""

from __future__ import annotations

import numpy as np

from evorobo.arrays import Array
from evorobo.nets.spec import NetworkSpec


def orthogonal_weights(spec: NetworkSpec, weights: Array, last_gain: float, rng: np.random.Generator) -> Array:
    """Weights whose matrices are orthogonal, times sqrt(2) or in the last layer `last_gain`, and whose biases are 0.

    Other parameters, such as gains, are taken from `weights`.
    """
    weights, last = weights.copy(), len(spec.layers) - 1
    for block in spec.genes.blocks:
        genes = slice(block.start, block.stop)
        if len(block.shape) == 2:
            gain = last_gain if block.layer == last else np.sqrt(2)
            weights[genes] = (gain * _orthogonal(rng, *block.shape)).ravel()
        elif block.parameter == "bias":
            weights[genes] = 0.0
    return weights


def _orthogonal(rng: np.random.Generator, rows: int, columns: int) -> Array:
    """A matrix whose rows or columns, whichever are fewer, are orthonormal, of the uniform distribution of these."""
    q, r = np.linalg.qr(rng.normal(size=(max(rows, columns), min(rows, columns))))
    q *= np.where(np.diagonal(r) < 0, -1.0, 1.0)
    return q if rows >= columns else q.T
