"""The continuous-time recurrent layer: neurons with time constants of their own (Beer 1995)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import SettingsError
from evorobo.nets.initialisers import glorot
from evorobo.nets.layer import Parameter, Views
from evorobo.nets.recurrent import Recurrent, States, sigmoid, turned
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
    slowest: float = 10.0
    remembered: ClassVar[tuple[str, ...]] = ("y",)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.slowest >= 1:
            raise SettingsError(f"the slowest time constant is at least one step, not {self.slowest!r}.")

    def parameters(self, n_inputs: int) -> dict[str, Parameter]:
        u = self.units
        return {
            "weight": Parameter((n_inputs, u), lambda rng: glorot(rng, n_inputs, u)),
            "recurrent": Parameter((u, u), lambda rng: glorot(rng, u, u)),
            "shift": Parameter((u,), lambda rng: np.zeros(u)),
            "pace": Parameter((u,), lambda rng: rng.uniform(0, np.log(self.slowest), u)),
        }

    def flops(self, n_inputs: int) -> int:
        return 2 * (n_inputs + self.units) * self.units

    def step(self, views: Views, drive: Array, states: States) -> tuple[Array, States, Any]:
        y = states["y"]
        shift, pace = views["shift"][..., None, :], views["pace"][..., None, :]
        share = np.exp(-np.maximum(pace, 0))  # step / tau
        before = sigmoid(y + shift)
        pull = np.matmul(before, views["recurrent"]) + drive - y
        new = y + share * pull
        o = sigmoid(new + shift)
        return o, {"y": new}, (before, pull, share, pace, o)

    def step_back(self, views: Views, memory: Any, dy: Array, after: States, gradients: Views) -> tuple[Array, States]:
        before, pull, share, pace, o = memory
        bent = dy * o * (1 - o)
        dnew = bent + after["y"]
        gradients["pace"][...] += np.where(pace > 0, -dnew * pull * share, 0).sum(-2)
        dpull = dnew * share
        gradients["recurrent"][...] += np.matmul(turned(before), dpull)
        recalled = np.matmul(dpull, turned(views["recurrent"])) * before * (1 - before)
        gradients["shift"][...] += (bent + recalled).sum(-2)
        return dpull, {"y": dnew - dpull + recalled}
