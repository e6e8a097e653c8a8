"""The continuous-time recurrent layer: neurons with time constants of their own (Beer 1995)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import SettingsError
from evorobo.nets.initializers import glorot
from evorobo.nets.layer import Parameter, Params
from evorobo.nets.recurrent import Recurrent, States, sigmoid, transpose
from evorobo.registry import register_component


@register_component("layer", "CTRNN")
@dataclass(frozen=True)
class CTRNN(Recurrent):
    """tau_i dy_i/dt = -y_i + sum_j U_ji o_j + x W,  o_j = sigmoid(y_j + s_j) (Beer 1995, eq. 1), by Euler steps.

    The time constants are genes: `pace` is log(tau / step), `step` being the time between two inputs; below zero it
    counts as zero, for a neuron cannot be faster than its steps. Paces begin even between 0 and log(`slowest`). With
    all paces at zero the outputs are those of an `Elman` layer with sigmoid units.
    """

    units: int
    max_tau: float = 10.0
    state_names: ClassVar[tuple[str, ...]] = ("y",)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.max_tau >= 1:
            raise SettingsError(f"the slowest time constant is at least one step, not {self.max_tau!r}.")

    def parameters(self, n_inputs: int) -> dict[str, Parameter]:
        u = self.units
        return {
            "weight": Parameter((n_inputs, u), lambda rng: glorot(rng, n_inputs, u)),
            "recurrent": Parameter((u, u), lambda rng: glorot(rng, u, u)),
            "shift": Parameter((u,), lambda rng: np.zeros(u)),
            "log_tau": Parameter((u,), lambda rng: rng.uniform(0, np.log(self.max_tau), u)),
        }

    def flops(self, n_inputs: int) -> int:
        return 2 * (n_inputs + self.units) * self.units

    def step(self, params: Params, drive: Array, states: States) -> tuple[Array, States, Any]:
        y = states["y"]
        shift, log_tau = params["shift"][..., None, :], params["log_tau"][..., None, :]
        share = np.exp(-np.maximum(log_tau, 0))  # step / tau
        before = sigmoid(y + shift)
        pull = np.matmul(before, params["recurrent"]) + drive - y
        new = y + share * pull
        o = sigmoid(new + shift)
        return o, {"y": new}, (before, pull, share, log_tau, o)

    def step_backward(
        self, params: Params, cache: Any, dy: Array, after: States, gradients: Params
    ) -> tuple[Array, States]:
        before, pull, share, log_tau, o = cache
        bent = dy * o * (1 - o)
        dnew = bent + after["y"]
        gradients["log_tau"][...] += np.where(log_tau > 0, -dnew * pull * share, 0).sum(-2)
        dpull = dnew * share
        gradients["recurrent"][...] += np.matmul(transpose(before), dpull)
        recalled = np.matmul(dpull, transpose(params["recurrent"])) * before * (1 - before)
        gradients["shift"][...] += (bent + recalled).sum(-2)
        return dpull, {"y": dnew - dpull + recalled}
