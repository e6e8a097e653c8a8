"""The fully connected layer: y = activation(x W + b)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import SettingsError
from evorobo.nets.activations import activation, activation_key
from evorobo.nets.initializers import initializer, initializer_key
from evorobo.nets.layer import ForwardContext, Parameter, Params
from evorobo.registry import register_component


@register_component("layer", "Dense")
@dataclass(frozen=True)
class Dense:
    """`units` neurons, each seeing all inputs.

    `init` is the weights' initialiser ("glorot", "he", "lecun", "normal", "zeros"); by default the one that
    belongs to the activation. Biases begin at zero, except under "normal", where they are drawn like weights.
    """

    units: int
    activation: str = "tanh"
    init: str | None = None
    bias: bool = True

    def __post_init__(self) -> None:
        if not isinstance(self.units, int) or self.units < 1:
            raise SettingsError(f"a layer needs at least one unit, not {self.units!r}.")
        object.__setattr__(self, "activation", activation_key(self.activation))
        if self.init is not None:
            object.__setattr__(self, "init", initializer_key(self.init))

    def width(self, n_inputs: int) -> int:
        return self.units

    def parameters(self, n_inputs: int) -> dict[str, Parameter]:
        name = self.init or activation(self.activation).initializer
        draw = initializer(name)
        weight = Parameter((n_inputs, self.units), lambda rng: draw(rng, n_inputs, self.units))
        if not self.bias:
            return {"weight": weight}
        spread = 1.0 if name == "normal" else 0.0
        return {"weight": weight, "bias": Parameter((self.units,), lambda rng: spread * rng.normal(size=self.units))}

    def flops(self, n_inputs: int) -> int:
        return 2 * n_inputs * self.units

    def forward(self, params: Params, x: Array, context: ForwardContext) -> tuple[Array, Any]:
        z = np.matmul(x, params["weight"])
        if self.bias:
            z += params["bias"][..., None, :]
        y, kept = activation(self.activation).forward(z)
        return y, (x, kept)

    def backward(
        self, params: Params, cache: Any, dy: Array, gradients: Params, needs_input_grad: bool = True
    ) -> Array:
        x, kept = cache
        dz = activation(self.activation).backward(kept, dy)
        np.matmul(x.swapaxes(-1, -2), dz, out=gradients["weight"])
        if self.bias:
            np.add.reduce(dz, axis=-2, out=gradients["bias"])
        return np.matmul(dz, params["weight"].swapaxes(-1, -2)) if needs_input_grad else dz
