"""Each kind of layer, said once in steps; the languages know nothing of layers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from evorobo.errors import SettingsError
from evorobo.export.steps import Call, Expression, Program, Variable
from evorobo.nets.ctrnn import CTRNN
from evorobo.nets.dense import Dense
from evorobo.nets.elman import Elman
from evorobo.nets.gru import GRU
from evorobo.nets.layer_norm import LayerNorm
from evorobo.nets.lstm import LSTM
from evorobo.nets.spec import NetworkSpec


class LayerWriter:
    """One layer's place: what it writes down is named after its number, as in `weight0`."""

    def __init__(self, program: Program, number: int, views: dict[str, Any]) -> None:
        self.program, self.number, self.views = program, number, views

    def parameter(self, name: str) -> Variable | None:
        """A parameter of the layer, if it has it."""
        return self.constant(name, self.views[name]) if name in self.views else None

    def constant(self, name: str, values: Any) -> Variable:
        return self.program.constant(f"{name}{self.number}", values)

    def matmul(self, name: str, x: Variable, weight: str, bias: str | None = None) -> Variable:
        matrix = self.constant(weight, self.views[weight])
        return self.program.matmul(f"{name}{self.number}", x, matrix, self.parameter(bias) if bias else None)

    def add_state(self, name: str, size: int) -> Variable:
        return self.program.add_state(f"{name}{self.number}", size)

    def assign(self, name: str, size: int, term: Expression) -> Variable:
        return self.program.assign(f"{name}{self.number}", size, term)


def apply_activation(function: str, term: Expression) -> Expression:
    """An activation of a term."""
    return term if function == "identity" else Call(function, (term,))


def _dense(layer: Dense, at: LayerWriter, x: Variable) -> Variable:
    y = at.matmul("y", x, "weight", "bias")
    return y if layer.activation == "identity" else at.assign("y", layer.units, apply_activation(layer.activation, y))


def _layer_norm(layer: LayerNorm, at: LayerWriter, x: Variable) -> Variable:
    gain, shift = at.constant("gain", at.views["gain"]), at.constant("shift", at.views["shift"])
    return at.program.layer_norm(f"y{at.number}", x, gain, shift, layer.epsilon)


def _elman(layer: Elman, at: LayerWriter, x: Variable) -> Variable:
    h = at.add_state("h", layer.units)
    drive, recalled = at.matmul("drive", x, "weight", "bias"), at.matmul("recalled", h, "recurrent")
    return at.assign("h", layer.units, apply_activation(layer.activation, drive + recalled))


def _gru(layer: GRU, at: LayerWriter, x: Variable) -> Variable:
    u, h = layer.units, at.add_state("h", layer.units)
    drive, inner = at.matmul("drive", x, "weight", "bias"), at.matmul("inner", h, "recurrent")
    candidate = at.constant("candidate", at.views["candidate"])
    r = at.assign("r", u, apply_activation("sigmoid", drive.part(0, u) + inner.part(0, u)))
    z = at.assign("z", u, apply_activation("sigmoid", drive.part(u, 2 * u) + inner.part(u, 2 * u)))
    n = at.assign(
        "n", u, apply_activation("tanh", drive.part(2 * u, 3 * u) + r * (inner.part(2 * u, 3 * u) + candidate))
    )
    return at.assign("h", u, n + z * (h - n))


def _lstm(layer: LSTM, at: LayerWriter, x: Variable) -> Variable:
    u, h, c = layer.units, at.add_state("h", layer.units), at.add_state("c", layer.units)
    drive, inner = at.matmul("drive", x, "weight", "bias"), at.matmul("inner", h, "recurrent")

    def gate(name: str, function: str, number: int) -> Variable:
        share = number * u, (number + 1) * u
        return at.assign(name, u, apply_activation(function, drive.part(*share) + inner.part(*share)))

    i, f, g, o = gate("i", "sigmoid", 0), gate("f", "sigmoid", 1), gate("g", "tanh", 2), gate("o", "sigmoid", 3)
    c = at.assign("c", u, f * c + i * g)
    return at.assign("h", u, o * apply_activation("tanh", c))


def _ctrnn(layer: CTRNN, at: LayerWriter, x: Variable) -> Variable:
    u, v = layer.units, at.add_state("v", layer.units)
    shift = at.constant("shift", at.views["shift"])
    share = at.constant("share", np.exp(-np.maximum(at.views["log_tau"], 0)))  # step / tau
    before = at.assign("before", u, apply_activation("sigmoid", v + shift))
    drive, recalled = at.matmul("drive", x, "weight"), at.matmul("recalled", before, "recurrent")
    v = at.assign("v", u, v + share * (recalled + drive - v))
    return at.assign("y", u, apply_activation("sigmoid", v + shift))


LAYER_WRITERS: dict[type, Callable[[Any, LayerWriter, Variable], Variable]] = {
    Dense: _dense,
    LayerNorm: _layer_norm,
    Elman: _elman,
    GRU: _gru,
    LSTM: _lstm,
    CTRNN: _ctrnn,
}


def write_layers(program: Program, spec: NetworkSpec, weights: Any, x: Variable) -> Variable:
    """All layers of a network, one after the other; returns the name of its answer.

    Raises `SettingsError` for a kind of layer that has not learned to leave.
    """
    for number, (layer, views) in enumerate(zip(spec.layers, spec.unpack(weights), strict=True)):
        if type(layer) not in LAYER_WRITERS:
            raise unsupported_layer(layer, LAYER_WRITERS)
        program.comment(f"layer {number}: {describe_layer(layer)}")
        x = LAYER_WRITERS[type(layer)](layer, LayerWriter(program, number, views), x)
    return x


def describe_layer(layer: Any) -> str:
    """The layer in a few words, as a reader of the file would name it."""
    words = [str(getattr(layer, name)) for name in ("units", "activation") if hasattr(layer, name)]
    return f"{type(layer).__name__}({', '.join(words)})"


def unsupported_layer(layer: Any, kinds: Iterable[type]) -> SettingsError:
    """An error for a kind of layer that a language has no words for."""
    known = ", ".join(kind.__name__ for kind in kinds)
    return SettingsError(f"{type(layer).__name__} layers cannot be exported; these can: {known}.")
