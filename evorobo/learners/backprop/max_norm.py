"""Max-norm: no unit's incoming weights grow beyond a length."""

from __future__ import annotations

import numpy as np

from evorobo.arrays import Array


def apply_max_norm(weight: Array, limit: float) -> Array:
    """`weight (..., inputs, units)`, each unit's column shrunk in place to a length of at most `limit`.

    (Srivastava et al. 2014, section 5.1: w is projected onto the ball of radius c after every step.)
    """
    length = np.sqrt(np.square(weight).sum(-2, keepdims=True))
    weight *= limit / np.maximum(length, limit)
    return weight


def clip_by_norm(gradient: Array, limit: float) -> Array:
    """`gradient (..., p)` shrunk in place to a length of at most `limit`, its direction kept (Pascanu et al. 2013)."""
    norm = np.linalg.norm(gradient, axis=-1, keepdims=True)
    gradient *= limit / np.maximum(norm, limit)
    return gradient


def clip_by_value(gradient: Array, limit: float) -> Array:
    """Every number of `gradient` cut in place to [-limit, limit]."""
    return np.clip(gradient, -limit, limit, out=gradient)
