"""Norms of gradients, and gradients shortened to a norm."""

from __future__ import annotations

from math import isfinite, sqrt

import numpy as np

from evorobo.arrays import Array

SHORTENING_FLOPS = 4
"""Operations for each number of a gradient whose norm is limited."""


def gradient_norms(gradients: Array) -> Array:
    """The norm of each row; squares of large numbers do not overflow."""
    largest = np.abs(gradients).max(axis=1, initial=0.0)
    scale = np.where(largest > 0, largest, 1.0)
    norms: Array = largest * np.sqrt(np.square(gradients / scale[:, None]).sum(axis=1))
    return norms


def shorten(gradients: Array, norms: Array, limit: float) -> Array:
    """Rows that are longer than `limit`, shortened to it."""
    shortened: Array = gradients * np.minimum(1.0, limit / np.where(norms > 0, norms, 1.0))[:, None]
    return shortened


def shorten_in_place(gradient: Array, limit: float) -> None:
    """Shorten one gradient `(p,)` to `limit` if it is longer."""
    norm = sqrt(np.vdot(gradient, gradient))
    if not isfinite(norm):  # squares of large numbers overflow
        norm = float(gradient_norms(gradient[None])[0])
    if norm > limit:
        gradient *= limit / norm
