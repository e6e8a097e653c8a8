"""GRU, the gated recurrent unit: gates decide what is forgotten and what is renewed (Cho et al. 2014)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.docstrings import inherit_docs
from evorobo.fields import PositiveInt
from evorobo.nets.layer import Parameter, Params
from evorobo.nets.recurrent import Recurrent, States, gated_parameters, sigmoid, transpose
from evorobo.registry import register_component


@register_component("layer", "GRU")
@dataclass(frozen=True)
@inherit_docs
class GRU(Recurrent):
    """Gated recurrent unit: h' = (1 - z) n + z h.

    The gates are r, z = sigmoid(x W + h U + b). The candidate is n = tanh(x W_n + b_n + r (h U_n + c)).
    The reset gate follows the product, as in PyTorch's `GRU`. The columns of the parameters `weight`, `recurrent` and
    `bias` are r, z, n, each `units` wide; the parameter `candidate` is c.

    Parameters
    ----------
    units : int
        Number of neurons, at least 1.

    Raises
    ------
    SettingsError
        If `units` is invalid.

    References
    ----------
    Cho et al. (2014), "Learning phrase representations using RNN encoder-decoder", eq. 5 to 8.

    Examples
    --------
    >>> from evorobo import GRU, NetworkSpec
    >>> NetworkSpec.build(2, (GRU(3),), 1).n_params
    61
    """

    units: PositiveInt

    def parameters(self, n_inputs: int) -> dict[str, Parameter]:
        return gated_parameters(n_inputs, self.units, 3) | {
            "candidate": Parameter((self.units,), lambda rng: np.zeros(self.units))
        }

    def flops(self, n_inputs: int) -> int:
        return 2 * (n_inputs + self.units) * 3 * self.units

    def step(self, params: Params, drive: Array, states: States) -> tuple[Array, States, Any]:
        u, h = self.units, states["h"]
        product = np.matmul(h, params["recurrent"])
        gates = sigmoid(drive[..., : 2 * u] + product[..., : 2 * u])
        r, z = gates[..., :u], gates[..., u:]
        candidate = product[..., 2 * u :] + params["candidate"][..., None, :]
        n = np.tanh(drive[..., 2 * u :] + r * candidate)
        new = n + z * (h - n)
        return new, {"h": new}, (h, r, z, n, candidate)

    def step_backward(
        self, params: Params, cache: Any, dy: Array, grad_states: States, gradients: Params
    ) -> tuple[Array, States]:
        h, r, z, n, candidate = cache
        dh = dy + grad_states["h"]
        dn = dh * (1 - z) * (1 - n * n)
        dr, dz = dn * candidate * r * (1 - r), dh * (h - n) * z * (1 - z)
        dproduct = np.concatenate([dr, dz, dn * r], axis=-1)
        gradients["recurrent"][...] += np.matmul(transpose(h), dproduct)
        gradients["candidate"][...] += (dn * r).sum(-2)
        dh_before = dh * z + np.matmul(dproduct, transpose(params["recurrent"]))
        return np.concatenate([dr, dz, dn], axis=-1), {"h": dh_before}
