"""The gated recurrent unit: it decides what to forget and what to renew (Cho et al. 2014)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.nets.layer import Parameter, Params
from evorobo.nets.recurrent import Recurrent, States, gated_parameters, sigmoid, transpose
from evorobo.registry import register_component


@register_component("layer", "GRU")
@dataclass(frozen=True)
class GRU(Recurrent):
    """Cho et al. 2014, eq. 5 to 8, with the reset gate behind the product as in PyTorch's `GRU`:

    r, z = sigmoid(x W + h U + b);  n = tanh(x W_n + b_n + r (h U_n + c));  h' = (1 - z) n + z h

    Columns of `weight`, `recurrent` and `bias` are r, z, n, each `units` wide; `candidate` is c.
    """

    units: int

    def parameters(self, n_inputs: int) -> dict[str, Parameter]:
        return gated_parameters(n_inputs, self.units, 3) | {
            "candidate": Parameter((self.units,), lambda rng: np.zeros(self.units))
        }

    def flops(self, n_inputs: int) -> int:
        return 2 * (n_inputs + self.units) * 3 * self.units

    def step(self, params: Params, drive: Array, states: States) -> tuple[Array, States, Any]:
        u, h = self.units, states["h"]
        inner = np.matmul(h, params["recurrent"])
        gates = sigmoid(drive[..., : 2 * u] + inner[..., : 2 * u])
        r, z = gates[..., :u], gates[..., u:]
        recalled = inner[..., 2 * u :] + params["candidate"][..., None, :]
        n = np.tanh(drive[..., 2 * u :] + r * recalled)
        new = n + z * (h - n)
        return new, {"h": new}, (h, r, z, n, recalled)

    def step_backward(
        self, params: Params, cache: Any, dy: Array, after: States, gradients: Params
    ) -> tuple[Array, States]:
        h, r, z, n, recalled = cache
        dh = dy + after["h"]
        dn = dh * (1 - z) * (1 - n * n)
        dr, dz = dn * recalled * r * (1 - r), dh * (h - n) * z * (1 - z)
        inner = np.concatenate([dr, dz, dn * r], axis=-1)
        gradients["recurrent"][...] += np.matmul(transpose(h), inner)
        gradients["candidate"][...] += (dn * r).sum(-2)
        before = dh * z + np.matmul(inner, transpose(params["recurrent"]))
        return np.concatenate([dr, dz, dn], axis=-1), {"h": before}
