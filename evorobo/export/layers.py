"""Each kind of layer, said once in steps; the languages know nothing of layers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from evorobo.errors import SettingsError
from evorobo.export.steps import Call, Name, Steps, Term
from evorobo.nets.ctrnn import CTRNN
from evorobo.nets.dense import Dense
from evorobo.nets.elman import Elman
from evorobo.nets.gru import GRU
from evorobo.nets.layer_norm import LayerNorm
from evorobo.nets.lstm import LSTM
from evorobo.nets.spec import NetworkSpec


class At:
    """One layer's place: what it writes down is named after its number, as in `weight0`."""

    def __init__(self, steps: Steps, number: int, views: dict[str, Any]) -> None:
        self.steps, self.number, self.views = steps, number, views

    def weights(self, name: str) -> Name | None:
        """A parameter of the layer, if it has it."""
        return self.constant(name, self.views[name]) if name in self.views else None

    def constant(self, name: str, values: Any) -> Name:
        return self.steps.constant(f"{name}{self.number}", values)

    def product(self, name: str, x: Name, weight: str, bias: str | None = None) -> Name:
        matrix = self.constant(weight, self.views[weight])
        return self.steps.product(f"{name}{self.number}", x, matrix, self.weights(bias) if bias else None)

    def remembered(self, name: str, size: int) -> Name:
        return self.steps.remembered(f"{name}{self.number}", size)

    def let(self, name: str, size: int, term: Term) -> Name:
        return self.steps.let(f"{name}{self.number}", size, term)


def bent(function: str, term: Term) -> Term:
    """An activation of a term."""
    return term if function == "identity" else Call(function, (term,))


def _dense(layer: Dense, at: At, x: Name) -> Name:
    y = at.product("y", x, "weight", "bias")
    return y if layer.activation == "identity" else at.let("y", layer.units, bent(layer.activation, y))


def _layer_norm(layer: LayerNorm, at: At, x: Name) -> Name:
    gain, shift = at.constant("gain", at.views["gain"]), at.constant("shift", at.views["shift"])
    return at.steps.norm(f"y{at.number}", x, gain, shift, layer.epsilon)


def _elman(layer: Elman, at: At, x: Name) -> Name:
    h = at.remembered("h", layer.units)
    drive, recalled = at.product("drive", x, "weight", "bias"), at.product("recalled", h, "recurrent")
    return at.let("h", layer.units, bent(layer.activation, drive + recalled))


def _gru(layer: GRU, at: At, x: Name) -> Name:
    u, h = layer.units, at.remembered("h", layer.units)
    drive, inner = at.product("drive", x, "weight", "bias"), at.product("inner", h, "recurrent")
    candidate = at.constant("candidate", at.views["candidate"])
    r = at.let("r", u, bent("sigmoid", drive.part(0, u) + inner.part(0, u)))
    z = at.let("z", u, bent("sigmoid", drive.part(u, 2 * u) + inner.part(u, 2 * u)))
    n = at.let("n", u, bent("tanh", drive.part(2 * u, 3 * u) + r * (inner.part(2 * u, 3 * u) + candidate)))
    return at.let("h", u, n + z * (h - n))


def _lstm(layer: LSTM, at: At, x: Name) -> Name:
    u, h, c = layer.units, at.remembered("h", layer.units), at.remembered("c", layer.units)
    drive, inner = at.product("drive", x, "weight", "bias"), at.product("inner", h, "recurrent")

    def gate(name: str, function: str, number: int) -> Name:
        share = number * u, (number + 1) * u
        return at.let(name, u, bent(function, drive.part(*share) + inner.part(*share)))

    i, f, g, o = gate("i", "sigmoid", 0), gate("f", "sigmoid", 1), gate("g", "tanh", 2), gate("o", "sigmoid", 3)
    c = at.let("c", u, f * c + i * g)
    return at.let("h", u, o * bent("tanh", c))


def _ctrnn(layer: CTRNN, at: At, x: Name) -> Name:
    u, v = layer.units, at.remembered("v", layer.units)
    shift = at.constant("shift", at.views["shift"])
    share = at.constant("share", np.exp(-np.maximum(at.views["log_tau"], 0)))  # step / tau
    before = at.let("before", u, bent("sigmoid", v + shift))
    drive, recalled = at.product("drive", x, "weight"), at.product("recalled", before, "recurrent")
    v = at.let("v", u, v + share * (recalled + drive - v))
    return at.let("y", u, bent("sigmoid", v + shift))


KINDS: dict[type, Callable[[Any, At, Name], Name]] = {
    Dense: _dense,
    LayerNorm: _layer_norm,
    Elman: _elman,
    GRU: _gru,
    LSTM: _lstm,
    CTRNN: _ctrnn,
}


def write_layers(steps: Steps, spec: NetworkSpec, weights: Any, x: Name) -> Name:
    """All layers of a network, one after the other; returns the name of its answer.

    Raises `SettingsError` for a kind of layer that has not learned to leave.
    """
    for number, (layer, views) in enumerate(zip(spec.layers, spec.unpack(weights), strict=True)):
        if type(layer) not in KINDS:
            raise unable(layer, KINDS)
        steps.say(f"layer {number}: {summary(layer)}")
        x = KINDS[type(layer)](layer, At(steps, number, views), x)
    return x


def summary(layer: Any) -> str:
    """The layer in a few words, as a reader of the file would name it."""
    words = [str(getattr(layer, name)) for name in ("units", "activation") if hasattr(layer, name)]
    return f"{type(layer).__name__}({', '.join(words)})"


def unable(layer: Any, kinds: Iterable[type]) -> SettingsError:
    """An error for a kind of layer that a language has no words for."""
    known = ", ".join(kind.__name__ for kind in kinds)
    return SettingsError(f"{type(layer).__name__} layers cannot be exported; these can: {known}.")
