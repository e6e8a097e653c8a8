"""The forward and the backward phase, for one genome `(p,)` or many `(n, p)` in one call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.nets.layer import How, Views
from evorobo.nets.losses import Loss, judged
from evorobo.nets.spec import NetworkSpec


def forward(spec: NetworkSpec, weights: Array, x: Array, *, moments: Array | None = None, time: int = 1) -> Array:
    """Outputs `(..., batch, out)` of inputs `(batch, in)` or `(n, batch, in)` under weights `(p,)` or `(n, p)`.

    For recurrent networks the batch is sequences of `time` rows each, one after the other. Networks with batch norm
    need their `moments (k,)` or `(n, k)`. Each member of a population answers exactly, to the last bit, as it would
    alone.
    """
    return trace(spec, spec.unpack(weights), x, alike(spec, How(time=time), moments))[0]


def gradient(
    spec: NetworkSpec, weights: Array, x: Array, dy: Array, *, moments: Array | None = None, time: int = 1
) -> Array:
    """The flat gradient `(p,)` or `(n, p)` of a loss whose gradient by the outputs is `dy (..., batch, out)`."""
    views = spec.unpack(weights)
    flat = np.empty(weights.shape, np.result_type(weights, dy))
    memories = trace(spec, views, x, alike(spec, How(time=time), moments))[1]
    backtrace(spec, views, memories, dy, spec.unpack(flat))
    return flat


def loss_and_gradient(
    spec: NetworkSpec,
    weights: Array,
    x: Array,
    targets: np.ndarray,
    loss: Loss,
    *,
    moments: Array | None = None,
    time: int = 1,
) -> tuple[Array, Array]:
    """The loss `()` or `(n,)` over a batch and its flat gradient, of the shape of `weights`."""
    views = spec.unpack(weights)
    outputs, memories = trace(spec, views, x, alike(spec, How(time=time), moments))
    flat = np.empty_like(weights)
    value, slopes = judged(loss, outputs, targets)
    backtrace(spec, views, memories, slopes, spec.unpack(flat))
    return value, flat


def alike(spec: NetworkSpec, how: How, moments: Array | None = None) -> list[How]:
    """The same circumstances for every layer, but for its own views into `moments (..., k)` where layers keep any."""
    if not spec.n_moments:
        return [how] * len(spec.layers)
    return [replace(how, moments=own) for own in spec.unpack_moments(moments)]


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
