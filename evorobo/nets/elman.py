"""The simple recurrent layer: it sees what it said a moment ago (Elman 1990)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.nets.activations import activation, activation_key
from evorobo.nets.initializers import initializer
from evorobo.nets.layer import Parameter, Params
from evorobo.nets.recurrent import Recurrent, States, transpose
from evorobo.registry import register_component


@register_component("layer", "Elman")
@dataclass(frozen=True)
class Elman(Recurrent):
    """h(t) = activation(x(t) W + h(t-1) U + b), which is also the output (Elman 1990; PyTorch's `RNN`)."""

    units: int
    activation: str = "tanh"
    bias: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "activation", activation_key(self.activation))

    def parameters(self, n_inputs: int) -> dict[str, Parameter]:
        draw = initializer(activation(self.activation).initializer)
        weights = {
            "weight": Parameter((n_inputs, self.units), lambda rng: draw(rng, n_inputs, self.units)),
            "recurrent": Parameter((self.units, self.units), lambda rng: draw(rng, self.units, self.units)),
        }
        return weights | ({"bias": Parameter((self.units,), lambda rng: np.zeros(self.units))} if self.bias else {})

    def flops(self, n_inputs: int) -> int:
        return 2 * (n_inputs + self.units) * self.units

    def step(self, params: Params, drive: Array, states: States) -> tuple[Array, States, Any]:
        h, kept = activation(self.activation).forward(drive + np.matmul(states["h"], params["recurrent"]))
        return h, {"h": h}, (states["h"], kept)

    def step_backward(
        self, params: Params, cache: Any, dy: Array, after: States, gradients: Params
    ) -> tuple[Array, States]:
        before, kept = cache
        slope = activation(self.activation).backward(kept, dy + after["h"])
        gradients["recurrent"][...] += np.matmul(transpose(before), slope)
        return slope, {"h": np.matmul(slope, transpose(params["recurrent"]))}
