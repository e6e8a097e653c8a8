"""LSTM, long short-term memory: a cell whose gates decide what it keeps (Hochreiter & Schmidhuber 1997)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from evorobo.arrays import Array
from evorobo.docstrings import inherit_docs
from evorobo.fields import PositiveInt
from evorobo.nets.layer import Parameter, Params
from evorobo.nets.recurrent import Recurrent, States, gated_parameters, sigmoid, transpose
from evorobo.registry import register_component


@register_component("layer", "LSTM")
@dataclass(frozen=True)
@inherit_docs
class LSTM(Recurrent):
    """Long short-term memory: i, f, o = sigmoid(x W + h U + b); g = tanh(...); c' = f c + i g; h' = o tanh(c').

    The bias of the forget gate starts at 1. The columns of the parameters are i, f, g, o as in PyTorch's `LSTM`, whose
    two biases are one here.

    Parameters
    ----------
    units : int
        Number of cells, at least 1.

    Raises
    ------
    SettingsError
        If `units` is invalid.

    References
    ----------
    Hochreiter & Schmidhuber (1997), "Long short-term memory". Forget gate: Gers, Schmidhuber & Cummins (2000),
    "Learning to forget". Its initial bias: Jozefowicz et al. (2015), "An empirical exploration of recurrent network
    architectures".

    Examples
    --------
    >>> from evorobo import LSTM, NetworkSpec
    >>> NetworkSpec.build(2, (LSTM(3),), 1).n_params
    76
    """

    units: PositiveInt
    state_names: ClassVar[tuple[str, ...]] = ("h", "c")

    def parameters(self, n_inputs: int) -> dict[str, Parameter]:
        bias = np.repeat([0.0, 1.0, 0.0, 0.0], self.units)
        return gated_parameters(n_inputs, self.units, 4) | {"bias": Parameter((4 * self.units,), lambda rng: bias)}

    def flops(self, n_inputs: int) -> int:
        return 2 * (n_inputs + self.units) * 4 * self.units

    def step(self, params: Params, drive: Array, states: States) -> tuple[Array, States, Any]:
        u, h, c = self.units, states["h"], states["c"]
        z = drive + np.matmul(h, params["recurrent"])
        i, f, o = sigmoid(z[..., :u]), sigmoid(z[..., u : 2 * u]), sigmoid(z[..., 3 * u :])
        g = np.tanh(z[..., 2 * u : 3 * u])
        cell = f * c + i * g
        tanh_cell = np.tanh(cell)
        new = o * tanh_cell
        return new, {"h": new, "c": cell}, (h, c, i, f, g, o, tanh_cell)

    def step_backward(
        self, params: Params, cache: Any, dy: Array, grad_states: States, gradients: Params
    ) -> tuple[Array, States]:
        h, c, i, f, g, o, tanh_cell = cache
        dh = dy + grad_states["h"]
        dc = grad_states["c"] + dh * o * (1 - tanh_cell * tanh_cell)
        dz = np.concatenate(
            [dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g * g), dh * tanh_cell * o * (1 - o)], axis=-1
        )
        gradients["recurrent"][...] += np.matmul(transpose(h), dz)
        return dz, {"h": np.matmul(dz, transpose(params["recurrent"])), "c": dc * f}
