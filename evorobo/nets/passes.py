"""The forward and the backward phase, for one genome `(p,)` or many `(n, p)` in one call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.nets.layer import ForwardContext, Params
from evorobo.nets.spec import NetworkSpec


def forward(
    spec: NetworkSpec, weights: Array, x: Array, *, running_stats: Array | None = None, n_steps: int = 1
) -> Array:
    """Outputs `(..., batch, out)` of inputs `(batch, in)` or `(n, batch, in)` under weights `(p,)` or `(n, p)`.

    For recurrent networks the batch is sequences of `time` rows each, one after the other. Networks with batch norm
    need their `moments (k,)` or `(n, k)`. Each member of a population answers exactly, to the last bit, as it would
    alone.
    """
    return forward_pass(
        spec, spec.unpack(weights), x, shared_context(spec, ForwardContext(n_steps=n_steps), running_stats)
    )[0]


def gradient(
    spec: NetworkSpec, weights: Array, x: Array, dy: Array, *, running_stats: Array | None = None, n_steps: int = 1
) -> Array:
    """The flat gradient `(p,)` or `(n, p)` of a loss whose gradient by the outputs is `dy (..., batch, out)`."""
    params = spec.unpack(weights)
    flat = np.empty(weights.shape, np.result_type(weights, dy))
    caches = forward_pass(spec, params, x, shared_context(spec, ForwardContext(n_steps=n_steps), running_stats))[1]
    backward_pass(spec, params, caches, dy, spec.unpack(flat))
    return flat


def shared_context(
    spec: NetworkSpec, context: ForwardContext, running_stats: Array | None = None
) -> list[ForwardContext]:
    """The same circumstances for every layer, but for its own views into `moments (..., k)` where layers keep any."""
    if not spec.n_running_stats:
        return [context] * len(spec.layers)
    return [replace(context, running_stats=own) for own in spec.unpack_running_stats(running_stats)]


def forward_pass(
    spec: NetworkSpec, params: list[dict[str, Array]], x: Array, contexts: Sequence[ForwardContext] | None = None
) -> tuple[Array, list[Any]]:
    """The forward phase over unpacked weights: the outputs, and what each layer keeps for the way back.

    `hows` are the circumstances of each layer; left out, all rows stand alone and the network is in use.
    """
    caches = []
    for layer, view, context in zip(
        spec.layers, params, contexts or shared_context(spec, ForwardContext()), strict=True
    ):
        x, cache = layer.forward(view, x, context)
        caches.append(cache)
    return x, caches


def backward_pass(
    spec: NetworkSpec, params: list[dict[str, Array]], caches: list[Any], dy: Array, gradients: list[dict[str, Array]]
) -> None:
    """The backward phase (the chain rule, from the last layer to the first), written into unpacked `gradients`."""
    steps: list[tuple[Any, Params, Any, Params]] = list(zip(spec.layers, params, caches, gradients, strict=True))
    for layer, view, cache, into in reversed(steps[1:]):
        dy = layer.backward(view, cache, dy, into)
    layer, view, cache, into = steps[0]
    layer.backward(view, cache, dy, into, needs_input_grad=False)
