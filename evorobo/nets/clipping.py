"""Gradients too steep for a step: cut to a length, or each number to a range."""

from __future__ import annotations

import numpy as np

from evorobo.nets.activations import Array


def clip_by_norm(gradient: Array, limit: float) -> Array:
    """`gradient (..., p)` shrunk in place to a length of at most `limit`, its direction kept (Pascanu et al. 2013)."""
    norm = np.linalg.norm(gradient, axis=-1, keepdims=True)
    gradient *= limit / np.maximum(norm, limit)
    return gradient


def clip_by_value(gradient: Array, limit: float) -> Array:
    """Every number of `gradient` cut in place to [-limit, limit]."""
    return np.clip(gradient, -limit, limit, out=gradient)
