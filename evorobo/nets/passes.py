"""The forward and the backward phase, for one genome `(p,)` or many `(n, p)` in one call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from evorobo.nets.activations import Array
from evorobo.nets.how import How
from evorobo.nets.layer import Views
from evorobo.nets.losses import Loss, judged
from evorobo.nets.spec import NetworkSpec


def forward(spec: NetworkSpec, weights: Array, x: Array, *, time: int = 1) -> Array:
    """Outputs `(..., batch, out)` of inputs `(batch, in)` or `(n, batch, in)` under weights `(p,)` or `(n, p)`.

    For recurrent networks the rows of the batch are sequences of `time` moments, sequence after sequence. Each member
    of a population answers exactly, to the last bit, as it would alone.
    """
    return trace(spec, spec.unpack(weights), x, alike(spec, How(time=time)))[0]


def gradient(spec: NetworkSpec, weights: Array, x: Array, dy: Array, *, time: int = 1) -> Array:
    """The flat gradient `(p,)` or `(n, p)` of a loss whose gradient by the outputs is `dy (..., batch, out)`."""
    views = spec.unpack(weights)
    flat = np.empty(weights.shape, np.result_type(weights, dy))
    memories = trace(spec, views, x, alike(spec, How(time=time)))[1]
    backtrace(spec, views, memories, dy, spec.unpack(flat))
    return flat


def loss_and_gradient(
    spec: NetworkSpec, weights: Array, x: Array, targets: np.ndarray, loss: Loss, *, time: int = 1
) -> tuple[Array, Array]:
    """The loss `()` or `(n,)` over a batch and its flat gradient, of the shape of `weights`."""
    views = spec.unpack(weights)
    outputs, memories = trace(spec, views, x, alike(spec, How(time=time)))
    flat = np.empty_like(weights)
    value, slopes = judged(loss, outputs, targets)
    backtrace(spec, views, memories, slopes, spec.unpack(flat))
    return value, flat


def alike(spec: NetworkSpec, how: How) -> list[How]:
    """The same circumstances for every layer, where none has anything of its own to remember."""
    return [how] * len(spec.layers)


def trace(
    spec: NetworkSpec, views: list[dict[str, Array]], x: Array, hows: Sequence[How] | None = None
) -> tuple[Array, list[Any]]:
    """The forward phase over unpacked weights: the outputs, and what each layer keeps for the way back.

    `hows` are the circumstances of each layer; left out, all rows stand alone and the network is in use.
    """
    memories = []
    for layer, view, how in zip(spec.layers, views, hows or alike(spec, How()), strict=True):
        x, memory = layer.forward(view, x, how)
        memories.append(memory)
    return x, memories


def backtrace(
    spec: NetworkSpec, views: list[dict[str, Array]], memories: list[Any], dy: Array, gradients: list[dict[str, Array]]
) -> None:
    """The backward phase (the chain rule, from the last layer to the first), written into unpacked `gradients`."""
    steps: list[tuple[Any, Views, Any, Views]] = list(zip(spec.layers, views, memories, gradients, strict=True))
    for layer, view, memory, into in reversed(steps[1:]):
        dy = layer.backward(view, memory, dy, into)
    layer, view, memory, into = steps[0]
    layer.backward(view, memory, dy, into, inputs=False)
