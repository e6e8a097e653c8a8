"""Layer normalization: each row is normalized over its units, then scaled and shifted by learned parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.docstrings import inherit_docs
from evorobo.fields import PositiveFloat
from evorobo.nets.batch_norm import Affine
from evorobo.nets.layer import ForwardContext, Layer, Parameter, Params
from evorobo.registry import register_component


@register_component("layer", "LayerNorm")
@dataclass(frozen=True)
@inherit_docs
class LayerNorm(Layer):
    """Layer normalization: gain (x - mean) / sqrt(variance + epsilon) + shift, over the units of one row.

    It computes the same in training and outside it, since rows do not mix.

    Parameters
    ----------
    epsilon : float, default 1e-5
        Added to the variance.

    References
    ----------
    Ba, Kiros & Hinton (2016), "Layer normalization", eq. 4.

    Examples
    --------
    >>> from evorobo import Dense, LayerNorm, NetworkSpec
    >>> NetworkSpec.build(2, (Dense(8, "identity"), LayerNorm()), 1).n_params
    49
    """

    epsilon: PositiveFloat = 1e-5

    def width(self, n_inputs: int) -> int:
        return n_inputs

    def parameters(self, n_inputs: int) -> dict[str, Parameter]:
        return Affine().parameters(n_inputs)

    def flops(self, n_inputs: int) -> int:
        return 8 * n_inputs

    def backward_flops(self, n_inputs: int, needs_input_grad: bool = True) -> int:
        return (11 if needs_input_grad else 3) * n_inputs

    def forward(self, params: Params, x: Array, context: ForwardContext) -> tuple[Array, Any]:
        centered = x - x.mean(-1, keepdims=True)
        inverse_sd = 1 / np.sqrt(np.square(centered).mean(-1, keepdims=True) + x.dtype.type(self.epsilon))
        normalized = centered * inverse_sd
        y = normalized * params["gain"][..., None, :] + params["shift"][..., None, :]
        return y, (normalized, inverse_sd)

    def backward(
        self, params: Params, cache: Any, dy: Array, gradients: Params, needs_input_grad: bool = True
    ) -> Array:
        normalized, inverse_sd = cache
        np.sum(dy * normalized, axis=-2, out=gradients["gain"])
        np.sum(dy, axis=-2, out=gradients["shift"])
        if not needs_input_grad:
            return dy
        dnorm = dy * params["gain"][..., None, :]
        projection = (dnorm * normalized).mean(-1, keepdims=True)
        return (dnorm - dnorm.mean(-1, keepdims=True) - normalized * projection) * inverse_sd
