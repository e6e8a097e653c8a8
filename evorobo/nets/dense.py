"""The fully connected layer: y = activation(x W + b)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.docstrings import inherit_docs
from evorobo.fields import PositiveInt
from evorobo.nets.activations import activation, activation_key
from evorobo.nets.initializers import initializer, initializer_key
from evorobo.nets.layer import ForwardContext, Layer, Parameter, Params
from evorobo.registry import register_component


@register_component("layer", "Dense")
@dataclass(frozen=True)
@inherit_docs
class Dense(Layer):
    """Fully connected layer: y = activation(x W + b).

    Parameters
    ----------
    units : int
        Number of neurons, at least 1.
    activation : str, default "tanh"
        Name of the activation function; ``evorobo list activations`` shows all.
    init : str, optional
        Name of the initializer of the weights: "glorot", "he", "lecun", "normal" or "zeros". By default the usual one
        of the activation. Biases start at zero, except with "normal".
    bias : bool, default True
        Whether the neurons have biases.

    Raises
    ------
    SettingsError
        If a value is invalid.

    Examples
    --------
    >>> from evorobo import Dense, NetworkSpec
    >>> NetworkSpec(3, (Dense(4, "relu"), Dense(2, "identity"))).n_params
    26
    """

    units: PositiveInt
    activation: str = "tanh"
    init: str | None = None
    bias: bool = True

    def __post_init__(self) -> None:
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
        bias_sd = 1.0 if name == "normal" else 0.0
        return {"weight": weight, "bias": Parameter((self.units,), lambda rng: bias_sd * rng.normal(size=self.units))}

    def flops(self, n_inputs: int) -> int:
        return 2 * n_inputs * self.units

    def forward(self, params: Params, x: Array, context: ForwardContext) -> tuple[Array, Any]:
        z = np.matmul(x, params["weight"])
        if self.bias:
            z += params["bias"][..., None, :]
        y, cache = activation(self.activation).forward(z)
        return y, (x, cache)

    def backward(
        self, params: Params, cache: Any, dy: Array, gradients: Params, needs_input_grad: bool = True
    ) -> Array:
        x, activation_cache = cache
        dz = activation(self.activation).backward(activation_cache, dy)
        np.matmul(x.swapaxes(-1, -2), dz, out=gradients["weight"])
        if self.bias:
            np.add.reduce(dz, axis=-2, out=gradients["bias"])
        return np.matmul(dz, params["weight"].swapaxes(-1, -2)) if needs_input_grad else dz
