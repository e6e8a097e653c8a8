"""Layer normalisation: each row brought to mean 0 and deviation 1 across its units, then to a size of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.nets.batch_norm import Affine
from evorobo.nets.layer import ForwardContext, Parameter, Params
from evorobo.registry import register_component


@register_component("layer", "LayerNorm")
@dataclass(frozen=True)
class LayerNorm:
    """gain (x - mean) / sqrt(variance + epsilon) + shift, mean and variance over the units of one row (Ba, Kiros &
    Hinton 2016, eq. 4). The same in training and in use, alone and in a population, since rows do not mix."""

    epsilon: float = 1e-5

    def width(self, n_inputs: int) -> int:
        return n_inputs

    def parameters(self, n_inputs: int) -> dict[str, Parameter]:
        return Affine().parameters(n_inputs)

    def flops(self, n_inputs: int) -> int:
        return 8 * n_inputs

    def forward(self, params: Params, x: Array, context: ForwardContext) -> tuple[Array, Any]:
        centred = x - x.mean(-1, keepdims=True)
        scale = 1 / np.sqrt(np.square(centred).mean(-1, keepdims=True) + x.dtype.type(self.epsilon))
        normal = centred * scale
        return normal * params["gain"][..., None, :] + params["shift"][..., None, :], (normal, scale)

    def backward(
        self, params: Params, cache: Any, dy: Array, gradients: Params, needs_input_grad: bool = True
    ) -> Array:
        normal, scale = cache
        np.sum(dy * normal, axis=-2, out=gradients["gain"])
        np.sum(dy, axis=-2, out=gradients["shift"])
        slope = dy * params["gain"][..., None, :]
        along = (slope * normal).mean(-1, keepdims=True)
        return (slope - slope.mean(-1, keepdims=True) - normal * along) * scale
