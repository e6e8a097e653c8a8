"""What all recurrent layers share: the way through time and back (Werbos 1990, backpropagation through time)."""

from __future__ import annotations

from typing import Any, ClassVar, TypeAlias

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import SettingsError
from evorobo.nets.initialisers import glorot
from evorobo.nets.layer import How, Parameter, Views

States: TypeAlias = dict[str, Array]


class Recurrent:
    """A layer whose `step` takes one moment's drive and the states of the moment before.

    The drive `x W + b` of all moments is worked out in one product; then time is walked through, forwards by `step`
    and backwards by `step_back`. States are `(..., batch, units)`, named in `remembered`; they begin at zero.
    """

    units: int
    remembered: ClassVar[tuple[str, ...]] = ("h",)

    def step(self, views: Views, drive: Array, states: States) -> tuple[Array, States, Any]:
        """One moment: the output, the states after it, and what `step_back` needs."""
        raise NotImplementedError

    def step_back(self, views: Views, memory: Any, dy: Array, after: States, gradients: Views) -> tuple[Array, States]:
        """The gradient by the drive and by the states before, from those by the output and by the states `after`;
        adds to the gradients of parameters that `step` used."""
        raise NotImplementedError

    def __post_init__(self) -> None:
        if not isinstance(self.units, int) or self.units < 1:
            raise SettingsError(f"a layer needs at least one unit, not {self.units!r}.")

    def width(self, n_inputs: int) -> int:
        return self.units

    def forward(self, views: Views, x: Array, how: How) -> tuple[Array, Any]:
        drive = np.matmul(x, views["weight"])
        if "bias" in views:
            drive += views["bias"][..., None, :]
        lead, rows = drive.shape[:-2], drive.shape[-2] // how.time
        drive = drive.reshape(*lead, rows, how.time, drive.shape[-1])
        states = how.state or {name: np.zeros((*lead, rows, self.units), drive.dtype) for name in self.remembered}
        outputs = np.empty((*lead, rows, how.time, self.units), drive.dtype)
        memories = []
        for moment in range(how.time):
            outputs[..., moment, :], states, memory = self.step(views, drive[..., moment, :], states)
            memories.append(memory)
        if how.state is not None:
            how.state.update(states)
        return outputs.reshape(*lead, rows * how.time, self.units), (x, memories)

    def backward(self, views: Views, memory: Any, dy: Array, gradients: Views, inputs: bool = True) -> Array:
        x, memories = memory
        lead, time = dy.shape[:-2], len(memories)
        dy = dy.reshape(*lead, -1, time, self.units)
        for gradient in gradients.values():
            gradient[...] = 0
        after = {name: np.zeros((*dy.shape[:-2], self.units), dy.dtype) for name in self.remembered}
        drives: list[Array] = [dy] * time
        for moment in reversed(range(time)):
            drives[moment], after = self.step_back(views, memories[moment], dy[..., moment, :], after, gradients)
        slope = np.stack(drives, axis=-2)
        slope = slope.reshape(*lead, -1, slope.shape[-1])
        gradients["weight"][...] = np.matmul(x.swapaxes(-1, -2), slope)
        if "bias" in gradients:
            gradients["bias"][...] = slope.sum(-2)
        return np.matmul(slope, views["weight"].swapaxes(-1, -2)) if inputs else slope


def turned(matrix: Array) -> Array:
    """The transpose of each matrix `(..., a, b)`."""
    return matrix.swapaxes(-1, -2)


def gated(n_inputs: int, units: int, gates: int) -> dict[str, Parameter]:
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
