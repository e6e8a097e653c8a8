"""What all recurrent layers share: the way through time and back (Werbos 1990, backpropagation through time)."""

from __future__ import annotations

from typing import Any, ClassVar, TypeAlias

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import SettingsError
from evorobo.nets.initializers import glorot
from evorobo.nets.layer import ForwardContext, Parameter, Params

States: TypeAlias = dict[str, Array]


class Recurrent:
    """A layer whose `step` takes one moment's drive and the states of the moment before.

    The drive `x W + b` of all moments is worked out in one product; then time is walked through, forwards by `step`
    and backwards by `step_back`. States are `(..., batch, units)`, named in `remembered`; they begin at zero.
    """

    units: int
    state_names: ClassVar[tuple[str, ...]] = ("h",)

    def step(self, params: Params, drive: Array, states: States) -> tuple[Array, States, Any]:
        """One moment: the output, the states after it, and what `step_back` needs."""
        raise NotImplementedError

    def step_backward(
        self, params: Params, cache: Any, dy: Array, after: States, gradients: Params
    ) -> tuple[Array, States]:
        """The gradient by the drive and by the states before, from those by the output and by the states `after`;
        adds to the gradients of parameters that `step` used."""
        raise NotImplementedError

    def __post_init__(self) -> None:
        if not isinstance(self.units, int) or self.units < 1:
            raise SettingsError(f"a layer needs at least one unit, not {self.units!r}.")

    def width(self, n_inputs: int) -> int:
        return self.units

    def forward(self, params: Params, x: Array, context: ForwardContext) -> tuple[Array, Any]:
        drive = np.matmul(x, params["weight"])
        if "bias" in params:
            drive += params["bias"][..., None, :]
        lead, rows = drive.shape[:-2], drive.shape[-2] // context.n_steps
        drive = drive.reshape(*lead, rows, context.n_steps, drive.shape[-1])
        states = context.state or {name: np.zeros((*lead, rows, self.units), drive.dtype) for name in self.state_names}
        outputs = np.empty((*lead, rows, context.n_steps, self.units), drive.dtype)
        caches = []
        for moment in range(context.n_steps):
            outputs[..., moment, :], states, cache = self.step(params, drive[..., moment, :], states)
            caches.append(cache)
        if context.state is not None:
            context.state.update(states)
        return outputs.reshape(*lead, rows * context.n_steps, self.units), (x, caches)

    def backward(
        self, params: Params, cache: Any, dy: Array, gradients: Params, needs_input_grad: bool = True
    ) -> Array:
        x, caches = cache
        lead, n_steps = dy.shape[:-2], len(caches)
        dy = dy.reshape(*lead, -1, n_steps, self.units)
        for gradient in gradients.values():
            gradient[...] = 0
        after = {name: np.zeros((*dy.shape[:-2], self.units), dy.dtype) for name in self.state_names}
        drives: list[Array] = [dy] * n_steps
        for moment in reversed(range(n_steps)):
            drives[moment], after = self.step_backward(params, caches[moment], dy[..., moment, :], after, gradients)
        slope = np.stack(drives, axis=-2)
        slope = slope.reshape(*lead, -1, slope.shape[-1])
        gradients["weight"][...] = np.matmul(x.swapaxes(-1, -2), slope)
        if "bias" in gradients:
            gradients["bias"][...] = slope.sum(-2)
        return np.matmul(slope, params["weight"].swapaxes(-1, -2)) if needs_input_grad else slope


def transpose(matrix: Array) -> Array:
    """The transpose of each matrix `(..., a, b)`."""
    return matrix.swapaxes(-1, -2)


def gated_parameters(n_inputs: int, units: int, gates: int) -> dict[str, Parameter]:
    """The parameters of a gated layer, Glorot by gate, biases zero."""

    def draw(rows: int) -> Parameter:
        return Parameter(
            (rows, gates * units),
            lambda rng: np.concatenate([glorot(rng, rows, units) for _ in range(gates)], axis=1),
        )

    bias = Parameter((gates * units,), lambda rng: np.zeros(gates * units))
    return {"weight": draw(n_inputs), "recurrent": draw(units), "bias": bias}


def sigmoid(z: Array) -> Array:
    """By tanh: no overflow on either side."""
    return (np.tanh(z / 2) + 1) / 2
