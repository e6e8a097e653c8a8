"""The contract of layers: those of the package keep it, and each kind of broken layer is caught with one sentence."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from own_layer import Doubled

from evorobo import CTRNN, GRU, LSTM, BatchNorm, Dense, Dropout, Elman, LayerNorm, Parameter, TaskError
from evorobo.registry import components
from evorobo.testing import check_layer

LAYERS = [
    *(Dense(4), Dense(4, "relu", bias=False), BatchNorm(), BatchNorm(activation="tanh"), LayerNorm()),
    *(Dropout(0.5), Elman(4), GRU(4), LSTM(4), CTRNN(4), Doubled(4)),
]


@pytest.mark.parametrize("layer", LAYERS, ids=repr)
def test_a_layer_keeps_its_contract(layer):
    check_layer(layer)


def test_every_registered_layer_is_checked_here():
    checked = {type(layer).__name__ for layer in LAYERS}
    own = {layer.key for layer in components("layer") if layer.module.startswith("evorobo.")}
    assert own - checked <= {"Affine", "Output"}  # parts of other layers


def test_a_layer_may_have_any_number_of_inputs():
    check_layer(Dense(2), n_inputs=1)
    check_layer(GRU(2), n_inputs=7)


@dataclass(frozen=True)
class Gain:
    """y = gain x: a small layer that keeps its contract; each test breaks one of its functions."""

    start: float = 1.0

    def width(self, n_inputs):
        return n_inputs

    def parameters(self, n_inputs):
        return {"gain": Parameter((n_inputs,), lambda rng: self.start + rng.normal(size=n_inputs))}

    def flops(self, n_inputs):
        return n_inputs

    def forward(self, params, x, context):
        return params["gain"][..., None, :] * x, x

    def backward(self, params, cache, dy, gradients, needs_input_grad=True):
        gradients["gain"][...] = (dy * cache).sum(-2)
        return params["gain"][..., None, :] * dy


def test_the_unbroken_layer_keeps_its_contract():
    check_layer(Gain())


def gain(**functions):
    """The layer above with other functions, as a class that settings can refer to."""
    kind = type("Gain", (Gain,), functions)
    kind.__qualname__ = f"gain_{len(globals())}"
    globals()[kind.__qualname__] = kind
    return kind()


@dataclass(frozen=True)
class Unequal(Gain):
    """Settings that are not compared."""

    start: Any = field(default_factory=lambda: {"a": 1.0})

    def __eq__(self, other):
        return self is other

    __hash__ = None


@dataclass(frozen=True)
class Summing(Gain):
    """A running sum over time steps, which forgets the state between calls."""

    def forward(self, params, x, context):
        rows = (params["gain"][..., None, :] * x).reshape(*x.shape[:-2], -1, context.n_steps, x.shape[-1])
        return rows.cumsum(-2).reshape(x.shape), x


def wild(self, params, x, context):
    return params["gain"][..., None, :] * x + 1e-3 * np.random.normal(size=x.shape), x  # noqa: NPY002


calls = []


def remembering(self, params, x, context):
    calls.append(x)
    return params["gain"][..., None, :] * x + len(calls), x


def in_place(self, params, x, context):
    x *= params["gain"]
    return x, x


def double(self, params, x, context):
    return np.float64(1.0) * np.asarray(params["gain"], np.float64)[..., None, :] * x, x


def mixing_rows(self, params, x, context):
    return params["gain"][..., None, :] * (x - x.mean(-2, keepdims=True)), x


def mixing_members(self, params, x, context):
    y = params["gain"][..., None, :] * x
    return (y - y.mean(0) if y.ndim > 2 else y), x


def one_member(self, params, x, context):
    return (params["gain"] * x if params["gain"].ndim == 1 else params["gain"][0] * x), x


def half(self, params, cache, dy, gradients, needs_input_grad=True):
    gradients["gain"][...] = (dy * cache).sum(-2) / 2
    return params["gain"][..., None, :] * dy


def unwritten(self, params, cache, dy, gradients, needs_input_grad=True):
    return params["gain"][..., None, :] * dy


def wrong_inputs(self, params, cache, dy, gradients, needs_input_grad=True):
    gradients["gain"][...] = (dy * cache).sum(-2)
    return dy


def narrow(self, params, cache, dy, gradients, needs_input_grad=True):
    gradients["gain"][...] = (dy * cache).sum(-2)
    return dy[..., :1]


def lazy(self, params, cache, dy, gradients, needs_input_grad=True):
    gradients["gain"][...] = (dy * cache).sum(-2) * needs_input_grad
    return params["gain"][..., None, :] * dy


def only_in_training(self, params, cache, dy, gradients, needs_input_grad=True):
    x, training = cache
    gradients["gain"][...] = (dy * x).sum(-2) * (2 if training else 1)
    return params["gain"][..., None, :] * dy


BROKEN = {
    "settings": (Unequal(), "the settings of Unequal|Unequal is not the same after its settings were written to JSON"),
    "width": (gain(width=lambda self, n: n / 1), r"Gain.width\(\) returned 3.0; return a whole number"),
    "flops": (gain(flops=lambda self, n: None), r"Gain.flops\(\) returned None; return a whole number"),
    "parameters": (
        gain(parameters=lambda self, n: {"gain": (n,)}),
        r"Gain.parameters\(\) returned .*; return a dict from names to Parameter",
    ),
    "init of another shape": (
        gain(parameters=lambda self, n: {"gain": Parameter((n,), lambda rng: rng.normal(size=n + 1))}),
        r"Gain's parameter 'gain' has shape \(3,\), and its init returned shape \(4,\)",
    ),
    "init that is not finite": (
        gain(parameters=lambda self, n: {"gain": Parameter((n,), lambda rng: np.full(n, np.inf))}),
        "with 3 numbers that are not finite",
    ),
    "init from elsewhere": (
        gain(parameters=lambda self, n: {"gain": Parameter((n,), lambda rng: np.random.default_rng().normal(size=n))}),
        "Gain's parameter 'gain' starts with other values for the same seed",
    ),
    "global random numbers": (gain(forward=wild), r"Gain.forward\(\) draws from the global generators"),
    "state in the object": (gain(forward=remembering), r"Gain.forward\(\) returned other outputs for the same"),
    "inputs changed": (gain(forward=in_place), r"Gain.forward\(\) changed its inputs or parameters in place"),
    "shape": (
        gain(forward=lambda self, params, x, context: (x[..., :2], x)),
        r"Gain.forward\(\) returned shape \(12, 2\) for inputs of shape \(12, 3\); width\(\) says 3 outputs",
    ),
    "not finite": (
        gain(forward=lambda self, params, x, context: (x * np.nan, x)),
        r"Gain.forward\(\) returned 36 numbers that are not finite",
    ),
    "precision": (gain(forward=double), r"Gain.forward\(\) returned float64 for inputs and parameters in float32"),
    "rows": (gain(forward=mixing_rows), r"Gain.forward\(\) returned other outputs for a sequence alone"),
    "members": (gain(forward=mixing_members), r"Gain.forward\(\) returned other outputs for a member alone than"),
    "one member": (gain(forward=one_member), r"Gain.forward\(\) returned shape \(12, 3\) for 3 members of 12 rows"),
    "state": (Summing(), r"Summing.forward\(\) returned other outputs for 4 single steps than for sequences of 4"),
    "gradient": (gain(backward=half), r"gradient of 'gain' outside training that differs from finite differences"),
    "no gradient": (gain(backward=unwritten), r"Gain.backward\(\) returned"),
    "gradient of inputs": (gain(backward=wrong_inputs), "gradient of 'inputs' outside training that differs"),
    "shape of that": (gain(backward=narrow), r"Gain.backward\(\) returned shape \(12, 1\) for inputs of shape"),
    "gradient in training": (
        gain(
            forward=lambda self, params, x, context: (params["gain"][..., None, :] * x, (x, context.training)),
            backward=only_in_training,
        ),
        "gradient of 'gain' in training that differs from finite differences",
    ),
    "first layer": (gain(backward=lazy), r"Gain.backward\(\) wrote other gradients with needs_input_grad=False"),
    "exception": (
        gain(forward=lambda self, params, x, context: x @ np.ones((5, 5))),
        r"Gain.forward\(\) raised ValueError: .*; fix it",
    ),
}


@pytest.mark.parametrize(("layer", "sentence"), BROKEN.values(), ids=BROKEN)
def test_a_broken_layer_is_caught_in_one_sentence(layer, sentence):
    calls.clear()
    with pytest.raises(TaskError, match=sentence):
        check_layer(layer)


def test_a_frozen_layer_that_differs_is_caught():
    class Biased(BatchNorm):
        def freeze(self, params, running_stats):
            layer, frozen = super().freeze(params, running_stats)
            return layer, {**frozen, "shift": frozen["shift"] + 1}

        def forward(self, params, x, context):
            outputs, cache = super().forward(params, x, context)
            return outputs - (0 if context.training else 1), cache

    Biased.__qualname__ = "Biased"
    globals()["Biased"] = Biased  # settings refer to it
    with pytest.raises(TaskError, match=r"Biased.freeze\(\) returned a layer with other outputs"):
        check_layer(Biased())
