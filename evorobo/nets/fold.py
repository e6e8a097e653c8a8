"""Freezing and folding: equivalent networks without running statistics, or without batch normalization and dropout."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import SettingsError
from evorobo.nets.batch_norm import Affine
from evorobo.nets.dense import Dense
from evorobo.nets.dropout import Dropout
from evorobo.nets.elman import Elman
from evorobo.nets.gru import GRU
from evorobo.nets.layer import ForwardContext, HasRunningStats, Layer, Params
from evorobo.nets.lstm import LSTM
from evorobo.nets.passes import shared_context
from evorobo.nets.spec import NetworkSpec

_MAX_VALUES = 2**18
"""Values of one layer that are in memory at once, over all genomes."""


def estimate_running_stats(spec: NetworkSpec, weights: Array, x: Array, context: ForwardContext) -> Array:
    """Return the running statistics `(k,)` or `(n, k)` of `weights (p,)` or `(n, p)` on reference inputs.

    `x (batch, in)` are the inputs. Each layer is measured on the outputs of the layers before it, which already use
    their new statistics. `context` gives the sequence length and mask. This is virtual batch normalization (Salimans et
    al. 2016, section 3.4).
    """
    initial = spec.init_running_stats().astype(weights.dtype)
    running_stats = np.broadcast_to(initial, (*weights.shape[:-1], len(initial))).copy()
    if weights.ndim == 1:
        _estimate(spec, weights, x, context, running_stats)
        return running_stats
    size = max(1, _MAX_VALUES // (len(x) * max(spec.widths)))
    for start in range(0, len(weights), size):
        members = slice(start, start + size)
        _estimate(spec, weights[members], x, context, running_stats[members])
    return running_stats


def _estimate(spec: NetworkSpec, weights: Array, x: Array, context: ForwardContext, running_stats: Array) -> None:
    contexts = shared_context(spec, context, running_stats)
    for layer, params, own_context in zip(spec.layers, spec.unpack(weights), contexts, strict=True):
        if isinstance(layer, HasRunningStats):
            layer.set_running_stats(x, own_context)
        x, _ = layer.forward(params, x, own_context)


def freeze_batch_norm(spec: NetworkSpec, weights: Array, running_stats: Array | None) -> tuple[NetworkSpec, Array]:
    """Return spec and weights of an equivalent network without running statistics.

    `weights (..., p)` and `running_stats (..., k)` may have leading axes.
    """
    layers: list[Layer] = []
    params: list[dict[str, Array]] = []
    stats = spec.unpack_running_stats(running_stats)
    for layer, layer_params, layer_stats in zip(spec.layers, spec.unpack(weights), stats, strict=True):
        if isinstance(layer, HasRunningStats):
            layer, layer_params = layer.freeze(layer_params, layer_stats)
        layers.append(layer)
        params.append(layer_params)
    frozen = replace(spec, layers=tuple(layers))
    return frozen, frozen.pack(params)


Part = tuple[Layer, Params]


def fold_batch_norm(spec: NetworkSpec, weights: Array, running_stats: Array | None) -> tuple[NetworkSpec, Array]:
    """Return spec and weights `(p',)` of an equivalent network without batch normalization and dropout.

    A frozen batch normalization is a gain and a shift. They go into the layer before it or else into the one after it.
    Raises `SettingsError` if neither is possible.
    """
    frozen, weights = freeze_batch_norm(spec, weights, running_stats)
    parts: list[Part] = []
    pending: tuple[int, Params] | None = (
        None  # number and parameters of an affine layer that the next layer must absorb
    )
    for number, (layer, layer_params) in enumerate(zip(frozen.layers, frozen.unpack(weights), strict=True)):
        if type(layer) is Dropout:
            continue
        params: Params = layer_params
        if pending:
            if type(layer) not in (Affine, Dense, Elman, GRU, LSTM):  # a derived layer may compute something else
                raise _cannot_fold(spec, pending[0])
            layer, params = _fold_into_next(pending[1], layer, params)
            pending = None
        if type(layer) is not Affine:
            parts.append((layer, params))
        elif parts and type(previous := parts[-1][0]) is Dense and previous.activation == "identity":
            parts[-1] = _fold_into_previous(previous, parts[-1][1], layer, params)
        elif layer.activation == "identity":
            pending = number, params
        else:
            raise _cannot_fold(spec, number)
    if pending:
        raise _cannot_fold(spec, pending[0])
    folded = replace(spec, layers=tuple(layer for layer, _ in parts))
    return folded, folded.pack([params for _, params in parts])


def _fold_into_previous(layer: Dense, layer_params: Params, affine: Affine, affine_params: Params) -> Part:
    """g (x W + b) + s = x (W g) + (g b + s), as there is no activation between the two."""
    bias = affine_params["gain"] * layer_params.get("bias", 0) + affine_params["shift"]
    return replace(layer, activation=affine.activation, bias=True), {
        "weight": layer_params["weight"] * affine_params["gain"],
        "bias": bias,
    }


def _fold_into_next(affine_params: Params, layer: Layer, params: Params) -> Part:
    """(g x + s) W + b = x (g W) + (s W + b), which is the first operation of all layers that are allowed here."""
    gain, shift = affine_params["gain"], affine_params["shift"]
    if isinstance(layer, Affine):
        return layer, {"gain": gain * params["gain"], "shift": shift * params["gain"] + params["shift"]}
    bias = params.get("bias", 0) + shift @ params["weight"]
    with_bias = replace(layer, bias=True) if isinstance(layer, Dense | Elman) else layer
    return with_bias, {**params, "weight": gain[:, None] * params["weight"], "bias": bias}


def _cannot_fold(spec: NetworkSpec, number: int) -> SettingsError:
    return SettingsError(
        f"layer {number} of this network, {spec.layers[number]}, can be folded neither into the layer before it nor "
        'into the one after it. Put it after a Dense layer with the activation "identity" (its own activation then '
        "becomes that layer's), or without an activation before a Dense, Elman, GRU or LSTM layer."
    )
