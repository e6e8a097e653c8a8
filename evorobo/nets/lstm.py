"""Long short-term memory: a cell that keeps what its gates let it keep (Hochreiter & Schmidhuber 1997)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from evorobo.arrays import Array
from evorobo.nets.layer import Parameter, Params
from evorobo.nets.recurrent import Recurrent, States, gated_parameters, sigmoid, transpose
from evorobo.registry import register_component


@register_component("layer", "LSTM")
@dataclass(frozen=True)
class LSTM(Recurrent):
    """i, f, o = sigmoid(x W + h U + b);  g = tanh(...);  c' = f c + i g;  h' = o tanh(c')

    With the forget gate of Gers, Schmidhuber & Cummins 2000, its bias beginning at 1 (Jozefowicz et al. 2015). Columns
    are i, f, g, o as in PyTorch's `LSTM`, whose two biases are one here.
    """

    units: int
    state_names: ClassVar[tuple[str, ...]] = ("h", "c")

    def parameters(self, n_inputs: int) -> dict[str, Parameter]:
        forget = np.repeat([0.0, 1.0, 0.0, 0.0], self.units)
        return gated_parameters(n_inputs, self.units, 4) | {"bias": Parameter((4 * self.units,), lambda rng: forget)}

    def flops(self, n_inputs: int) -> int:
        return 2 * (n_inputs + self.units) * 4 * self.units

    def step(self, params: Params, drive: Array, states: States) -> tuple[Array, States, Any]:
        u, h, c = self.units, states["h"], states["c"]
        z = drive + np.matmul(h, params["recurrent"])
        i, f, o = sigmoid(z[..., :u]), sigmoid(z[..., u : 2 * u]), sigmoid(z[..., 3 * u :])
        g = np.tanh(z[..., 2 * u : 3 * u])
        cell = f * c + i * g
        squashed = np.tanh(cell)
        new = o * squashed
        return new, {"h": new, "c": cell}, (h, c, i, f, g, o, squashed)

    def step_backward(
        self, params: Params, cache: Any, dy: Array, after: States, gradients: Params
    ) -> tuple[Array, States]:
        h, c, i, f, g, o, squashed = cache
        dh = dy + after["h"]
        dc = after["c"] + dh * o * (1 - squashed * squashed)
        slope = np.concatenate(
            [dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g * g), dh * squashed * o * (1 - o)], axis=-1
        )
        gradients["recurrent"][...] += np.matmul(transpose(h), slope)
        return slope, {"h": np.matmul(slope, transpose(params["recurrent"])), "c": dc * f}
