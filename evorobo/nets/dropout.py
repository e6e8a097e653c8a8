"""Dropout: in training, random values are set to zero, so that units do not rely on single others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from evorobo.arrays import Array
from evorobo.docstrings import inherit_docs
from evorobo.fields import DecayRate
from evorobo.nets.layer import ForwardContext, Layer, Parameter, Params
from evorobo.registry import register_component


@register_component("layer", "Dropout")
@dataclass(frozen=True)
@inherit_docs
class Dropout(Layer):
    """Inverted dropout: each value is set to zero with probability `rate`, the others are divided by 1 - `rate`.

    The expected sum stays the same. Outside training, and under evolution, the layer changes nothing.

    Parameters
    ----------
    rate : float, default 0.5
        Probability of zero, from 0 up to but not including 1.

    Raises
    ------
    SettingsError
        If `rate` is out of its range.

    References
    ----------
    Srivastava et al. (2014), "Dropout: a simple way to prevent neural networks from overfitting", section 10.

    Examples
    --------
    >>> from evorobo import Dropout, NetworkSpec
    >>> NetworkSpec.build(2, (8, Dropout(0.2)), 1).n_params
    33
    """

    rate: DecayRate = 0.5

    def width(self, n_inputs: int) -> int:
        return n_inputs

    def parameters(self, n_inputs: int) -> dict[str, Parameter]:
        return {}

    def flops(self, n_inputs: int) -> int:
        return 0

    def forward(self, params: Params, x: Array, context: ForwardContext) -> tuple[Array, Any]:
        if not context.training or not self.rate:
            return x, None
        mask = (context.random(x.shape, x.dtype) >= self.rate) / x.dtype.type(1 - self.rate)
        return x * mask, mask

    def backward(
        self, params: Params, cache: Any, dy: Array, gradients: Params, needs_input_grad: bool = True
    ) -> Array:
        return dy if cache is None else dy * cache
