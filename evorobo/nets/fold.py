"""The plain network behind a normalised one: batch norm worked into its neighbours, dropout gone, the same answers."""

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

_AT_ONCE = 2**18  # values of one layer in memory at once, for all members together


def estimate_running_stats(spec: NetworkSpec, weights: Array, x: Array, context: ForwardContext) -> Array:
    """The moments `(k,)` or `(n, k)` that networks of `weights (p,)` or `(n, p)` find on reference inputs
    `x (batch, in)`, each layer measuring what the settled layers before it make of them.

    `how` lays out the rows in time, as in a pass: virtual batch normalisation (Salimans et al. 2016, section 3.4).
    """
    begin = spec.init_running_stats().astype(weights.dtype)
    running_stats = np.broadcast_to(begin, (*weights.shape[:-1], len(begin))).copy()
    if weights.ndim == 1:
        _measure(spec, weights, x, context, running_stats)
        return running_stats
    members = max(1, _AT_ONCE // (len(x) * max(spec.widths)))
    for start in range(0, len(weights), members):
        some = slice(start, start + members)
        _measure(spec, weights[some], x, context, running_stats[some])
    return running_stats


def _measure(spec: NetworkSpec, weights: Array, x: Array, context: ForwardContext, running_stats: Array) -> None:
    for layer, view, own in zip(
        spec.layers, spec.unpack(weights), shared_context(spec, context, running_stats), strict=True
    ):
        if isinstance(layer, HasRunningStats):
            layer.set_running_stats(x, own)
        x, _ = layer.forward(view, x, own)


def freeze_batch_norm(spec: NetworkSpec, weights: Array, running_stats: Array | None) -> tuple[NetworkSpec, Array]:
    """A network without moments that answers as this one in use: `weights (..., p)` into which `moments (..., k)` are
    worked, and the spec that lays them out."""
    layers: list[Layer] = []
    params: list[dict[str, Array]] = []
    for layer, view, own in zip(
        spec.layers, spec.unpack(weights), spec.unpack_running_stats(running_stats), strict=True
    ):
        if isinstance(layer, HasRunningStats):
            layer, view = layer.freeze(view, own)
        layers.append(layer)
        params.append(view)
    still = replace(spec, layers=tuple(layers))
    return still, still.pack(params)


Part = tuple[Layer, Params]


def fold_batch_norm(spec: NetworkSpec, weights: Array, running_stats: Array | None) -> tuple[NetworkSpec, Array]:
    """Spec and weights `(p',)` of a network without batch norm and dropout that answers as `weights (p,)` in use.

    What stays of a batch norm once its moments stand still, a gain and a shift, goes into the layer before it, or
    else into the one behind it. Raises `SettingsError` where it fits into neither.
    """
    still, weights = freeze_batch_norm(spec, weights, running_stats)
    plain: list[Part] = []
    waiting: tuple[int, Params] | None = None  # an affine layer, by number, that the next one must take in
    for number, (layer, unfolded) in enumerate(zip(still.layers, still.unpack(weights), strict=True)):
        if type(layer) is Dropout:
            continue
        params: Params = unfolded
        if waiting:
            if type(layer) not in (Affine, Dense, Elman, GRU, LSTM):  # one that is derived from them may do otherwise
                raise _stuck(spec, waiting[0])
            layer, params = _forwards(waiting[1], layer, params)
            waiting = None
        if not isinstance(layer, Affine):
            plain.append((layer, params))
        elif plain and type(before := plain[-1][0]) is Dense and before.activation == "identity":
            plain[-1] = _backwards(before, plain[-1][1], layer, params)
        elif layer.activation == "identity":
            waiting = number, params
        else:
            raise _stuck(spec, number)
    if waiting:
        raise _stuck(spec, waiting[0])
    whole = replace(spec, layers=tuple(layer for layer, _ in plain))
    return whole, whole.pack([params for _, params in plain])


def _backwards(layer: Dense, inside: Params, affine: Affine, params: Params) -> Part:
    """g (x W + b) + s = x (W g) + (g b + s), nothing bending between the two."""
    bias = params["gain"] * inside.get("bias", 0) + params["shift"]
    return replace(layer, activation=affine.activation, bias=True), {
        "weight": inside["weight"] * params["gain"],
        "bias": bias,
    }


def _forwards(affine: Params, layer: Layer, params: Params) -> Part:
    """(g x + s) W + b = x (g W) + (s W + b), which is how the layers that are taken here begin."""
    gain, shift = affine["gain"], affine["shift"]
    if isinstance(layer, Affine):
        return layer, {"gain": gain * params["gain"], "shift": shift * params["gain"] + params["shift"]}
    bias = params.get("bias", 0) + shift @ params["weight"]
    whole = replace(layer, bias=True) if isinstance(layer, Dense | Elman) else layer
    return whole, {**params, "weight": gain[:, None] * params["weight"], "bias": bias}


def _stuck(spec: NetworkSpec, number: int) -> SettingsError:
    return SettingsError(
        f"layer {number} of this network, {spec.layers[number]}, can be folded neither into the layer before it nor "
        'into the one behind it. Put it behind a Dense layer with the activation "identity" (its own activation then '
        "becomes that layer's), or without an activation before a Dense, Elman, GRU or LSTM layer."
    )
