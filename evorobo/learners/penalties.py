"""A price on large weights: what a penalty adds to the gradient of the loss, or takes from a score.

Penalised are the weights between units, not the vectors beside them (biases, gains, time constants): they multiply
no input, so their size makes no function steeper. Decoupled decay, which adds nothing to the gradient, is AdamW's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import SettingsError
from evorobo.nets.spec import NetworkSpec
from evorobo.registry import register_component


class Penalty(Protocol):
    def add_gradient(self, weights: Array, gradient: Array) -> None:
        """Add the penalty's slope at `weights` to `gradient`, both of one shape, in place."""

    def value(self, weights: Array) -> Array:
        """The penalty itself `(n,)` for `weights (n, ...)`."""


@dataclass(frozen=True)
class _Strength:
    strength: float = 1e-4

    def __post_init__(self) -> None:
        if not 0 <= self.strength < np.inf:
            raise SettingsError(f"a penalty's strength must be 0 or more, not {self.strength!r}.")


@register_component("penalty", "L2")
@dataclass(frozen=True)
class L2(_Strength):
    """`strength` / 2 times the sum of squares: keeps weights small (Goodfellow et al. 2016, eq. 7.1 and 7.3)."""

    def add_gradient(self, weights: Array, gradient: Array) -> None:
        gradient += self.strength * weights

    def value(self, weights: Array) -> Array:
        total: Array = self.strength / 2 * np.square(weights).reshape(len(weights), -1).sum(1)
        return total


@register_component("penalty", "L1")
@dataclass(frozen=True)
class L1(_Strength):
    """`strength` times the sum of sizes: drives weights that do little to zero (Goodfellow et al. 2016, eq. 7.20)."""

    def add_gradient(self, weights: Array, gradient: Array) -> None:
        gradient += self.strength * np.sign(weights)

    def value(self, weights: Array) -> Array:
        total: Array = self.strength * np.abs(weights).reshape(len(weights), -1).sum(1)
        return total


def weight_matrices(spec: NetworkSpec, weights: Array) -> list[Array]:
    """Views of what is penalised in `weights (n, n_params)`: each `(n, in, out)`."""
    return [view for layer in spec.unpack(weights) for view in layer.values() if view.ndim > 2]
