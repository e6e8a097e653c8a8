"""The simple recurrent layer: it sees what it said a moment ago (Elman 1990)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.nets.activations import activation
from evorobo.nets.initialisers import initialiser
from evorobo.nets.layer import Parameter, Views
from evorobo.nets.recurrent import Recurrent, States, turned
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
        activation(self.activation)

    def parameters(self, n_inputs: int) -> dict[str, Parameter]:
        draw = initialiser(activation(self.activation).initialiser)
        weights = {
            "weight": Parameter((n_inputs, self.units), lambda rng: draw(rng, n_inputs, self.units)),
            "recurrent": Parameter((self.units, self.units), lambda rng: draw(rng, self.units, self.units)),
        }
        return weights | ({"bias": Parameter((self.units,), lambda rng: np.zeros(self.units))} if self.bias else {})

    def flops(self, n_inputs: int) -> int:
        return 2 * (n_inputs + self.units) * self.units

    def step(self, views: Views, drive: Array, states: States) -> tuple[Array, States, Any]:
        h, kept = activation(self.activation).forward(drive + np.matmul(states["h"], views["recurrent"]))
        return h, {"h": h}, (states["h"], kept)

    def step_back(self, views: Views, memory: Any, dy: Array, after: States, gradients: Views) -> tuple[Array, States]:
        before, kept = memory
        slope = activation(self.activation).backward(kept, dy + after["h"])
        gradients["recurrent"][...] += np.matmul(turned(before), slope)
        return slope, {"h": np.matmul(slope, turned(views["recurrent"]))}
