"""The forward and the backward phase, for one genome `(p,)` or many `(n, p)` in one call."""

from __future__ import annotations

from typing import Any

import numpy as np

from evorobo.nets.activations import Array
from evorobo.nets.layer import Views
from evorobo.nets.losses import Loss
from evorobo.nets.spec import NetworkSpec


def forward(spec: NetworkSpec, weights: Array, x: Array) -> Array:
    """Outputs `(..., batch, out)` of inputs `(batch, in)` or `(n, batch, in)` under weights `(p,)` or `(n, p)`.

    Each member of a population answers exactly, to the last bit, as it would alone.
    """
    return trace(spec, spec.unpack(weights), x)[0]


def gradient(spec: NetworkSpec, weights: Array, x: Array, dy: Array) -> Array:
    """The flat gradient `(p,)` or `(n, p)` of a loss whose gradient by the outputs is `dy (..., batch, out)`."""
    views = spec.unpack(weights)
    flat = np.empty(weights.shape, np.result_type(weights, dy))
    backtrace(spec, views, trace(spec, views, x)[1], dy, spec.unpack(flat))
    return flat


def loss_and_gradient(
    spec: NetworkSpec, weights: Array, x: Array, targets: np.ndarray, loss: Loss
) -> tuple[Array, Array]:
    """The loss `()` or `(n,)` over a batch and its flat gradient, of the shape of `weights`."""
    views = spec.unpack(weights)
    outputs, memories = trace(spec, views, x)
    flat = np.empty_like(weights)
    backtrace(spec, views, memories, loss.gradient(outputs, targets), spec.unpack(flat))
    return loss.value(outputs, targets), flat


def trace(spec: NetworkSpec, views: list[dict[str, Array]], x: Array) -> tuple[Array, list[Any]]:
    """The forward phase over unpacked weights: the outputs, and what each layer keeps for the way back."""
    memories = []
    for layer, view in zip(spec.layers, views, strict=True):
        x, memory = layer.forward(view, x)
        memories.append(memory)
    return x, memories


def backtrace(
    spec: NetworkSpec, views: list[dict[str, Array]], memories: list[Any], dy: Array, gradients: list[dict[str, Array]]
) -> None:
    """The backward phase (the chain rule, from the last layer to the first), written into unpacked `gradients`."""
    steps: list[tuple[Any, Views, Any, Views]] = list(zip(spec.layers, views, memories, gradients, strict=True))
    for layer, view, memory, into in reversed(steps):
        dy = layer.backward(view, memory, dy, into)
