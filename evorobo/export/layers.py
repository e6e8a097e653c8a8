"""Each kind of layer, written once as instructions; the languages know nothing of layers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from evorobo.errors import SettingsError
from evorobo.export.expressions import Expression, Variable
from evorobo.export.program import Program
from evorobo.export.text import sanitize_text
from evorobo.nets.ctrnn import CTRNN
from evorobo.nets.dense import Dense
from evorobo.nets.elman import Elman
from evorobo.nets.gru import GRU
from evorobo.nets.layer import Layer
from evorobo.nets.layer_norm import LayerNorm
from evorobo.nets.lstm import LSTM
from evorobo.nets.spec import NetworkSpec


class LayerWriter:
    """Writes the instructions of one layer; all names end with the layer's number, as in `weight0`."""

    def __init__(self, program: Program, number: int, views: dict[str, Any]) -> None:
        self.program, self.number, self.views = program, number, views

    def parameter(self, name: str) -> Variable | None:
        """A parameter of the layer, if it has one of that name."""
        return self.constant(name, self.views[name]) if name in self.views else None

    def constant(self, name: str, values: Any) -> Variable:
        return self.program.constant(f"{name}{self.number}", values)

    def matmul(self, name: str, x: Variable, weight: str, bias: str | None = None) -> Variable:
        matrix = self.constant(weight, self.views[weight])
        return self.program.matmul(f"{name}{self.number}", x, matrix, self.parameter(bias) if bias else None)

    def add_state(self, name: str, size: int) -> Variable:
        return self.program.add_state(f"{name}{self.number}", size)

    def activation(self, key: str, x: Expression) -> Expression:
        return self.program.functions.activation(key, x)

    def assign(self, name: str, size: int, expression: Expression) -> Variable:
        return self.program.assign(f"{name}{self.number}", size, expression)


def _dense(layer: Dense, at: LayerWriter, x: Variable) -> Variable:
    y = at.matmul("y", x, "weight", "bias")
    activated = at.activation(layer.activation, y)
    return y if activated is y else at.assign("y", layer.units, activated)


def _layer_norm(layer: LayerNorm, at: LayerWriter, x: Variable) -> Variable:
    gain, shift = at.constant("gain", at.views["gain"]), at.constant("shift", at.views["shift"])
    return at.program.layer_norm(f"y{at.number}", x, gain, shift, layer.epsilon)


def _elman(layer: Elman, at: LayerWriter, x: Variable) -> Variable:
    h = at.add_state("h", layer.units)
    drive, recurrent = at.matmul("drive", x, "weight", "bias"), at.matmul("from_h", h, "recurrent")
    return at.assign("h", layer.units, at.activation(layer.activation, drive + recurrent))


def _gru(layer: GRU, at: LayerWriter, x: Variable) -> Variable:
    u, h = layer.units, at.add_state("h", layer.units)
    drive, inner = at.matmul("drive", x, "weight", "bias"), at.matmul("from_h", h, "recurrent")
    candidate = at.constant("candidate", at.views["candidate"])
    r = at.assign("r", u, at.activation("sigmoid", drive.part(0, u) + inner.part(0, u)))
    z = at.assign("z", u, at.activation("sigmoid", drive.part(u, 2 * u) + inner.part(u, 2 * u)))
    total = drive.part(2 * u, 3 * u) + r * (inner.part(2 * u, 3 * u) + candidate)
    n = at.assign("n", u, at.activation("tanh", total))
    return at.assign("h", u, n + z * (h - n))


def _lstm(layer: LSTM, at: LayerWriter, x: Variable) -> Variable:
    u, h, c = layer.units, at.add_state("h", layer.units), at.add_state("c", layer.units)
    drive, inner = at.matmul("drive", x, "weight", "bias"), at.matmul("from_h", h, "recurrent")

    def gate(name: str, activation: str, number: int) -> Variable:
        columns = number * u, (number + 1) * u
        return at.assign(name, u, at.activation(activation, drive.part(*columns) + inner.part(*columns)))

    i, f, g, o = gate("i", "sigmoid", 0), gate("f", "sigmoid", 1), gate("g", "tanh", 2), gate("o", "sigmoid", 3)
    c = at.assign("c", u, f * c + i * g)
    return at.assign("h", u, o * at.activation("tanh", c))


def _ctrnn(layer: CTRNN, at: LayerWriter, x: Variable) -> Variable:
    u, v = layer.units, at.add_state("v", layer.units)
    shift = at.constant("shift", at.views["shift"])
    rate = at.constant("rate", np.exp(-np.maximum(at.views["log_tau"], 0)))  # step / tau
    before = at.assign("before", u, at.activation("sigmoid", v + shift))
    drive, recurrent = at.matmul("drive", x, "weight"), at.matmul("from_v", before, "recurrent")
    v = at.assign("v", u, v + rate * (recurrent + drive - v))
    return at.assign("y", u, at.activation("sigmoid", v + shift))


LAYER_WRITERS: dict[type, Callable[[Any, LayerWriter, Variable], Variable]] = {
    Dense: _dense,
    LayerNorm: _layer_norm,
    Elman: _elman,
    GRU: _gru,
    LSTM: _lstm,
    CTRNN: _ctrnn,
}


def write_layers(program: Program, spec: NetworkSpec, weights: Any, x: Variable) -> Variable:
    """Write all layers of a network, one after the other; returns the variable of its outputs.

    Raises `SettingsError` for a kind of layer that has no writer.
    """
    for number, (layer, views) in enumerate(zip(spec.layers, spec.unpack(weights), strict=True)):
        if type(layer) not in LAYER_WRITERS:
            raise unsupported_layer(layer, LAYER_WRITERS)
        program.comment(f"layer {number}: {describe_layer(layer)}")
        x = LAYER_WRITERS[type(layer)](layer, LayerWriter(program, number, views), x)
    return x


def describe_layer(layer: Layer) -> str:
    """The layer with its units and activation, as in "Dense(8, tanh)"."""
    settings = vars(layer)
    values = [str(settings[name]) for name in ("units", "activation") if name in settings]
    return sanitize_text(f"{type(layer).__name__}({', '.join(values)})")


def unsupported_layer(layer: Layer, kinds: Iterable[type]) -> SettingsError:
    """An error for a kind of layer that cannot be written."""
    known = ", ".join(kind.__name__ for kind in kinds)
    return SettingsError(f"{type(layer).__name__} layers cannot be exported; these can: {known}.")
