"""Penalties on large weights (weight decay): added to the gradient of the loss, or subtracted from a score.

Penalties apply to weight matrices, not to vectors such as biases, gains and time constants, which multiply no input.
`AdamW` implements decoupled weight decay instead, which adds nothing to the gradient.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from evorobo.arrays import Array
from evorobo.docstrings import inherit_docs
from evorobo.fields import NonNegativeFloat
from evorobo.nets.spec import NetworkSpec
from evorobo.registry import register_component


class Penalty(Protocol):
    """Interface of a penalty on weight matrices: frozen settings.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> from evorobo import Penalty
    >>> @dataclass(frozen=True)
    ... class Quartic(Penalty):
    ...     strength: float = 0.1
    ...     def add_gradient(self, weights, gradient):
    ...         gradient += 4 * self.strength * weights**3
    ...     def value(self, weights):
    ...         return self.strength * (weights**4).reshape(len(weights), -1).sum(1)
    >>> Quartic().value(np.array([[[1.0, 2.0]]])).round(6)
    array([1.7])
    """

    def __init__(self) -> None:  # without it the signature of a protocol is (*args, **kwargs)
        return

    flops_per_weight: ClassVar[int] = 2
    """Floating-point operations for each weight, of `value` as well as of `add_gradient`."""

    def add_gradient(self, weights: Array, gradient: Array) -> None:
        """Add the gradient of the penalty to a gradient, in place.

        Parameters
        ----------
        weights : array
            Weights, of any shape.
        gradient : array
            Gradient of the loss, in the shape of `weights`. It is changed.
        """

    def value(self, weights: Array) -> Array:
        """Return the penalty of several networks.

        Parameters
        ----------
        weights : array of shape (n, ...)
            One parameter of n networks.

        Returns
        -------
        array of shape (n,)
            Penalty of each network.
        """


@dataclass(frozen=True)
class _Strength(Penalty):
    strength: NonNegativeFloat = 1e-4


@register_component("penalty", "L2")
@dataclass(frozen=True)
@inherit_docs
class L2(_Strength):
    """L2 penalty: `strength` / 2 times the sum of squared weights. It keeps weights small.

    Parameters
    ----------
    strength : float, default 1e-4
        Factor of the penalty, 0 or more.

    Raises
    ------
    SettingsError
        If `strength` is negative or not finite.

    References
    ----------
    Goodfellow, Bengio & Courville (2016), "Deep Learning", eq. 7.1 and 7.3.

    Examples
    --------
    >>> import numpy as np
    >>> from evorobo import L2
    >>> L2(0.5).value(np.array([[[1.0, 3.0]]]))
    array([2.5])
    """

    def add_gradient(self, weights: Array, gradient: Array) -> None:
        gradient += self.strength * weights

    def value(self, weights: Array) -> Array:
        total: Array = self.strength / 2 * np.square(weights).reshape(len(weights), -1).sum(1)
        return total


@register_component("penalty", "L1")
@dataclass(frozen=True)
@inherit_docs
class L1(_Strength):
    """L1 penalty: `strength` times the sum of absolute weights. It drives unimportant weights to zero.

    Parameters
    ----------
    strength : float, default 1e-4
        Factor of the penalty, 0 or more.

    Raises
    ------
    SettingsError
        If `strength` is negative or not finite.

    References
    ----------
    Goodfellow, Bengio & Courville (2016), "Deep Learning", eq. 7.20.

    Examples
    --------
    >>> import numpy as np
    >>> from evorobo import L1
    >>> L1(0.5).value(np.array([[[1.0, -3.0]]]))
    array([2.])
    """

    def add_gradient(self, weights: Array, gradient: Array) -> None:
        gradient += self.strength * np.sign(weights)

    def value(self, weights: Array) -> Array:
        total: Array = self.strength * np.abs(weights).reshape(len(weights), -1).sum(1)
        return total


def n_penalized(spec: NetworkSpec) -> int:
    """Return the number of weights in matrices, to which penalties apply."""
    return sum(block.stop - block.start for block in spec.genes.blocks if len(block.shape) > 1)


def weight_matrices(spec: NetworkSpec, weights: Array) -> list[Array]:
    """Return views of the penalized parameters in `weights (n, n_params)`, each of shape `(n, in, out)`."""
    return [view for layer in spec.unpack(weights) for view in layer.values() if view.ndim > 2]
