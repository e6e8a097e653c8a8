"""The classical Runge-Kutta method, for robots whose physics is a differential equation."""

from __future__ import annotations

from collections.abc import Callable

from evorobo.arrays import Array


def rk4(rates: Callable[[Array], Array], state: Array, seconds: float) -> Array:
    """`state` after one step of `seconds`, where `rates(state)` is its time derivative (fourth order; Kutta 1901)."""
    half = seconds / 2.0
    k1 = rates(state)
    k2 = rates(state + half * k1)
    k3 = rates(state + half * k2)
    k4 = rates(state + seconds * k3)
    return state + seconds / 6.0 * (k1 + 2 * k2 + 2 * k3 + k4)
