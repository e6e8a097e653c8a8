"""Elman layer: a simple recurrent layer whose outputs are inputs of the next time step (Elman 1990)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.docstrings import inherit_docs
from evorobo.fields import PositiveInt
from evorobo.nets.activations import activation, activation_key
from evorobo.nets.initializers import initializer
from evorobo.nets.layer import Parameter, Params
from evorobo.nets.recurrent import Recurrent, States, transpose
from evorobo.registry import register_component


@register_component("layer", "Elman")
@dataclass(frozen=True)
@inherit_docs
class Elman(Recurrent):
    """Simple recurrent layer: h(t) = activation(x(t) W + h(t-1) U + b), which is also the output.

    Parameters
    ----------
    units : int
        Number of neurons, at least 1.
    activation : str, default "tanh"
        Name of the activation function.
    bias : bool, default True
        Whether the neurons have biases.

    Raises
    ------
    SettingsError
        If a value is invalid.

    References
    ----------
    Elman (1990), "Finding structure in time". PyTorch calls this layer `RNN`.

    Examples
    --------
    >>> from evorobo import Elman, NetworkSpec
    >>> spec = NetworkSpec.build(2, (Elman(3),), 1)
    >>> spec.n_params, spec.recurrent
    (22, True)
    """

    units: PositiveInt
    activation: str = "tanh"
    bias: bool = True

    def __post_init__(self) -> None:
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
        h, cache = activation(self.activation).forward(drive + np.matmul(states["h"], params["recurrent"]))
        return h, {"h": h}, (states["h"], cache)

    def step_backward(
        self, params: Params, cache: Any, dy: Array, grad_states: States, gradients: Params
    ) -> tuple[Array, States]:
        h_before, activation_cache = cache
        dz = activation(self.activation).backward(activation_cache, dy + grad_states["h"])
        gradients["recurrent"][...] += np.matmul(transpose(h_before), dz)
        return dz, {"h": np.matmul(dz, transpose(params["recurrent"]))}
