"""The forward and the backward pass of a network, for one genome `(p,)` or many `(n, p)` in one call."""

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
    """Compute the outputs of one network or of many.

    Each network of a population returns exactly, bit for bit, what it returns alone.

    Parameters
    ----------
    spec : NetworkSpec
        Shape of the networks.
    weights : array of shape (n_params,) or (n, n_params)
        One genome or n genomes.
    x : array of shape (batch, n_inputs) or (n, batch, n_inputs)
        Inputs, shared by all networks or one batch per network.
    running_stats : array of shape (k,) or (n, k), optional
        Running statistics. Required for networks with batch normalization.
    n_steps : int, default 1
        Length of the sequences. For recurrent networks the batch holds sequences of `n_steps` rows, one after another.

    Returns
    -------
    array of shape (batch, n_outputs) or (n, batch, n_outputs)
        Outputs.

    Raises
    ------
    SettingsError
        If the numbers of weights or running statistics do not fit the network.

    Examples
    --------
    >>> import numpy as np
    >>> from evorobo import NetworkSpec, forward
    >>> spec = NetworkSpec.build(2, (), 1)
    >>> forward(spec, np.array([[1.0, 2.0, 0.0], [0.0, 0.0, 5.0]]), np.array([[3.0, 4.0]]))
    array([[[11.]],
    <BLANKLINE>
           [[ 5.]]])
    """
    contexts = shared_context(spec, ForwardContext(n_steps=n_steps), running_stats)
    return forward_pass(spec, spec.unpack(weights), x, contexts)[0]


def gradient(
    spec: NetworkSpec, weights: Array, x: Array, dy: Array, *, running_stats: Array | None = None, n_steps: int = 1
) -> Array:
    """Compute the gradient of a loss with respect to the weights, by backpropagation.

    Parameters
    ----------
    spec : NetworkSpec
        Shape of the networks.
    weights : array of shape (n_params,) or (n, n_params)
        One genome or n genomes.
    x : array of shape (batch, n_inputs) or (n, batch, n_inputs)
        Inputs, shared by all networks or one batch per network.
    dy : array of shape (batch, n_outputs) or (n, batch, n_outputs)
        Gradient of the loss with respect to the outputs, for example from ``MSE().gradient(outputs, targets)``.
    running_stats : array of shape (k,) or (n, k), optional
        Running statistics. Required for networks with batch normalization.
    n_steps : int, default 1
        Length of the sequences, as in `forward`.

    Returns
    -------
    array of shape (n_params,) or (n, n_params)
        Gradient, summed over the batch.

    Raises
    ------
    SettingsError
        If the numbers of weights or running statistics do not fit the network.

    Examples
    --------
    >>> import numpy as np
    >>> from evorobo import MSE, NetworkSpec, forward, gradient
    >>> spec, weights, x = NetworkSpec.build(2, (), 1), np.array([1.0, 2.0, 0.0]), np.array([[3.0, 4.0]])
    >>> dy = MSE().gradient(forward(spec, weights, x), np.array([[10.0]]))  # 2 (11 - 10)
    >>> gradient(spec, weights, x, dy)
    array([6., 8., 2.])
    """
    params = spec.unpack(weights)
    flat = np.empty(weights.shape, np.result_type(weights, dy))
    caches = forward_pass(spec, params, x, shared_context(spec, ForwardContext(n_steps=n_steps), running_stats))[1]
    backward_pass(spec, params, caches, dy, spec.unpack(flat))
    return flat


def shared_context(
    spec: NetworkSpec, context: ForwardContext, running_stats: Array | None = None
) -> list[ForwardContext]:
    """Return a context for every layer: `context`, with the layer's own views into `running_stats (..., k)`."""
    if not spec.n_running_stats:
        return [context] * len(spec.layers)
    return [replace(context, running_stats=own) for own in spec.unpack_running_stats(running_stats)]


def forward_pass(
    spec: NetworkSpec, params: list[dict[str, Array]], x: Array, contexts: Sequence[ForwardContext] | None = None
) -> tuple[Array, list[Any]]:
    """Compute the outputs from unpacked weights, and what each layer needs for the backward pass.

    Without `contexts` the network is not in training and each row is a sequence of one time step.
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
    """Apply the chain rule from the last layer to the first, and write into the unpacked `gradients`."""
    steps: list[tuple[Any, Params, Any, Params]] = list(zip(spec.layers, params, caches, gradients, strict=True))
    for layer, view, cache, grads in reversed(steps[1:]):
        dy = layer.backward(view, cache, dy, grads)
    layer, view, cache, grads = steps[0]
    layer.backward(view, cache, dy, grads, needs_input_grad=False)
