"""Each value times a gain, plus a shift: what a batch norm comes to once its moments stand still."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.nets.activations import ACTIVATIONS, Array, activation
from evorobo.nets.how import How
from evorobo.nets.layer import Parameter, Views


@dataclass(frozen=True)
class Affine:
    """y = activation(gain x + shift), value by value, gains beginning at 1 and shifts at 0."""

    activation: str = "identity"

    def __post_init__(self) -> None:
        activation(self.activation)

    def width(self, n_inputs: int) -> int:
        return n_inputs

    def parameters(self, n_inputs: int) -> dict[str, Parameter]:
        return {
            "gain": Parameter((n_inputs,), lambda rng: np.ones(n_inputs)),
            "shift": Parameter((n_inputs,), lambda rng: np.zeros(n_inputs)),
        }

    def flops(self, n_inputs: int) -> int:
        return 2 * n_inputs

    def forward(self, views: Views, x: Array, how: How) -> tuple[Array, Any]:
        z = x * views["gain"][..., None, :] + views["shift"][..., None, :]
        y, kept = ACTIVATIONS[self.activation].forward(z)
        return y, (x, kept)

    def backward(self, views: Views, memory: Any, dy: Array, gradients: Views, inputs: bool = True) -> Array:
        x, kept = memory
        dz = ACTIVATIONS[self.activation].backward(kept, dy)
        np.add.reduce(dz * x, axis=-2, out=gradients["gain"])
        np.add.reduce(dz, axis=-2, out=gradients["shift"])
        return dz * views["gain"][..., None, :] if inputs else dz
