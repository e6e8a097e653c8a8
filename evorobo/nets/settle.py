"""Moments that stand still: measured on reference rows, and worked into the weights around them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from evorobo.nets.activations import Array
from evorobo.nets.how import How
from evorobo.nets.layer import Layer, Measuring
from evorobo.nets.passes import alike
from evorobo.nets.spec import NetworkSpec

_AT_ONCE = 2**18  # values of one layer in memory at once, for all members together


def settle(spec: NetworkSpec, weights: Array, x: Array, how: How) -> Array:
    """The moments `(k,)` or `(n, k)` that networks of `weights (p,)` or `(n, p)` find on reference inputs
    `x (batch, in)`, each layer measuring what the settled layers before it make of them.

    `how` lays out the rows in time, as in a pass: virtual batch normalisation (Salimans et al. 2016, section 3.4).
    """
    begin = spec.begin_moments().astype(weights.dtype)
    moments = np.broadcast_to(begin, (*weights.shape[:-1], len(begin))).copy()
    if weights.ndim == 1:
        _measure(spec, weights, x, how, moments)
        return moments
    members = max(1, _AT_ONCE // (len(x) * max(spec.widths)))
    for start in range(0, len(weights), members):
        some = slice(start, start + members)
        _measure(spec, weights[some], x, how, moments[some])
    return moments


def _measure(spec: NetworkSpec, weights: Array, x: Array, how: How, moments: Array) -> None:
    for layer, view, own in zip(spec.layers, spec.unpack(weights), alike(spec, how, moments), strict=True):
        if isinstance(layer, Measuring):
            layer.measure(x, own)
        x, _ = layer.forward(view, x, own)


def settled(spec: NetworkSpec, weights: Array, moments: Array | None) -> tuple[NetworkSpec, Array]:
    """A network without moments that answers as this one in use: `weights (..., p)` into which `moments (..., k)` are
    worked, and the spec that lays them out."""
    layers: list[Layer] = []
    views: list[dict[str, Array]] = []
    for layer, view, own in zip(spec.layers, spec.unpack(weights), spec.unpack_moments(moments), strict=True):
        if isinstance(layer, Measuring):
            layer, view = layer.settled(view, own)
        layers.append(layer)
        views.append(view)
    still = replace(spec, layers=tuple(layers))
    return still, still.pack(views)
