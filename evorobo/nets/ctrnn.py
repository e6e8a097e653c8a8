"""CTRNN, the continuous-time recurrent network: each neuron has its own time constant (Beer 1995)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np

from evorobo.arrays import Array
from evorobo.docstrings import inherit_docs
from evorobo.fields import Limits, PositiveInt
from evorobo.nets.initializers import glorot
from evorobo.nets.layer import Parameter, Params
from evorobo.nets.recurrent import Recurrent, States, sigmoid, transpose
from evorobo.registry import register_component


@register_component("layer", "CTRNN")
@dataclass(frozen=True)
@inherit_docs
class CTRNN(Recurrent):
    """Continuous-time recurrent layer: tau_i dy_i/dt = -y_i + sum_j U_ji o_j + x W, with o_j = sigmoid(y_j + s_j).

    The equation is integrated by Euler steps; o is the output. Time constants are part of the genome: the parameter
    `log_tau` is log(tau / step), where step is the time between two inputs. Negative values count as zero, since a
    neuron cannot be faster than the steps. With `log_tau` = 0 the outputs are those of an `Elman` layer with sigmoid
    units.

    Parameters
    ----------
    units : int
        Number of neurons, at least 1.
    max_tau : float, default 10.0
        Largest initial time constant, in steps, at least 1. `log_tau` starts uniformly between 0 and log(`max_tau`).

    Raises
    ------
    SettingsError
        If a value is invalid.

    References
    ----------
    Beer (1995), "On the dynamics of small continuous-time recurrent neural networks", eq. 1.

    Examples
    --------
    >>> from evorobo import CTRNN, NetworkSpec
    >>> NetworkSpec.build(2, (CTRNN(3, max_tau=20.0),), 1).n_params
    25
    """

    units: PositiveInt
    max_tau: Annotated[float, Limits(ge=1)] = 10.0
    state_names: ClassVar[tuple[str, ...]] = ("y",)

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
        rate = np.exp(-np.maximum(log_tau, 0))  # step / tau
        o_before = sigmoid(y + shift)
        net_input = np.matmul(o_before, params["recurrent"]) + drive - y
        new = y + rate * net_input
        o = sigmoid(new + shift)
        return o, {"y": new}, (o_before, net_input, rate, log_tau, o)

    def step_backward(
        self, params: Params, cache: Any, dy: Array, grad_states: States, gradients: Params
    ) -> tuple[Array, States]:
        o_before, net_input, rate, log_tau, o = cache
        grad_output = dy * o * (1 - o)
        dnew = grad_output + grad_states["y"]
        gradients["log_tau"][...] += np.where(log_tau > 0, -dnew * net_input * rate, 0).sum(-2)
        ddrive = dnew * rate
        gradients["recurrent"][...] += np.matmul(transpose(o_before), ddrive)
        grad_before = np.matmul(ddrive, transpose(params["recurrent"])) * o_before * (1 - o_before)
        gradients["shift"][...] += (grad_output + grad_before).sum(-2)
        return ddrive, {"y": dnew - ddrive + grad_before}
