"""Networks in the layout of the compiled kernel: a row of numbers each, padded for the vector units of a processor."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from evorobo.arrays import Array
from evorobo.checks import unchanged_kind
from evorobo.errors import TaskError
from evorobo.machine_code.products import aligned_zeros, padded_width
from evorobo.nets.batch_norm import Affine, BatchNorm
from evorobo.nets.compiled import network
from evorobo.nets.compiled.activations import generated_activations, kernel_number
from evorobo.nets.ctrnn import CTRNN
from evorobo.nets.dense import Dense
from evorobo.nets.dropout import Dropout
from evorobo.nets.elman import Elman
from evorobo.nets.gru import GRU
from evorobo.nets.layer import FREE_METHODS, Layer, Params
from evorobo.nets.layer_norm import LayerNorm
from evorobo.nets.lstm import LSTM
from evorobo.nets.recurrent import sigmoid
from evorobo.nets.spec import NetworkSpec

ROWS, COLUMNS = 4, 8
"""The kernel adds up so many rows at a time; so many columns fit into a register of a processor with AVX."""

Product: TypeAlias = tuple[Array, Array, str | int]
"""Matrix `(n, rows, columns)` and biases `(n, columns)` for a layer's inputs and state, and what follows the product:
an activation by key, or a kind of layer by number."""


def pack_networks(spec: NetworkSpec, weights: Array) -> tuple[Array, np.ndarray]:
    """Networks `weights (n, p)` as rows `(n, p')`, and the unsigned table `(layers, 7)` that describes each row.

    The columns of the table are: inputs, values of the state that the product takes in, rows and columns of the
    matrix, the number of the activation or kind, outputs, and the width of the widest layer. A row holds each layer's
    biases, then its matrix. Raises `TaskError` for other kinds of layers.
    """
    parts, table = [], []
    generated = generated_activations(spec)
    for layer, params, n_in in zip(spec.layers, spec.unpack(weights), spec.widths, strict=False):
        if unchanged_kind(layer, (Dropout,), FREE_METHODS):  # it does nothing outside training
            continue
        matrix, bias, then = _layer_matrix(layer, params, n_in)
        n_rows, n_columns = matrix.shape[1:]
        rows, columns = -(-n_rows // ROWS) * ROWS, -(-n_columns // COLUMNS) * COLUMNS
        padded = np.zeros((len(weights), 1 + rows, columns), np.float32)
        padded[:, 0, :n_columns], padded[:, 1 : 1 + n_rows, :n_columns] = bias, matrix
        parts.append(padded.reshape(len(weights), -1))
        number = kernel_number(then, generated) if isinstance(then, str) else then
        table.append([n_in, n_rows - n_in, rows, columns, number, layer.width(n_in)])
    widest = max(max(row[2], row[3]) for row in table)
    joined = np.concatenate(parts, axis=1)
    aligned = aligned_zeros(len(weights) * padded_width(joined.shape[1], joined.dtype), joined.dtype)
    packed = aligned.reshape(len(weights), -1)
    packed[:, : joined.shape[1]] = joined
    return packed, np.array([[*row, widest] for row in table], np.uint32)


def _layer_matrix(layer: Layer, params: Params, n_in: int) -> Product:
    kind = unchanged_kind(layer, PRODUCTS, FREE_METHODS)
    if not kind:  # a derived class that computes something else
        known = ", ".join(kind.__name__ for kind in (*PRODUCTS, BatchNorm, Dropout))
        raise TaskError(
            f"networks with {type(layer).__name__} layers cannot be compiled, these can: {known}; leave "
            "compiled=True out."
        )
    return PRODUCTS[kind](layer, params, n_in)


def _affine(layer: Affine, params: Params, n_in: int) -> Product:
    return params["gain"][:, :, None] * np.eye(n_in), params["shift"], layer.activation


def _dense_or_elman(layer: Dense | Elman, params: Params, n_in: int) -> Product:
    matrix = np.concatenate([params[name] for name in ("weight", "recurrent") if name in params], axis=1)
    return matrix, params.get("bias", np.zeros(layer.units)), layer.activation


def _layer_norm(layer: LayerNorm, params: Params, n_in: int) -> Product:
    """Columns: the inputs, gains, shifts, epsilon."""
    members = len(params["gain"])
    matrix = np.zeros((members, n_in, 3 * n_in + 1))
    matrix[:, :, :n_in] = np.eye(n_in)
    zeros, epsilon = np.zeros((members, n_in)), np.full((members, 1), layer.epsilon)
    return matrix, np.concatenate([zeros, params["gain"], params["shift"], epsilon], axis=1), network.LAYER_NORM


def _gru(layer: GRU, params: Params, n_in: int) -> Product:
    """Columns: r, z, the inputs' part of the candidate, the state's part of the candidate."""
    u, recurrent = layer.units, params["recurrent"]
    matrix = np.zeros((len(recurrent), n_in + u, 4 * u))
    matrix[:, :n_in, : 3 * u] = params["weight"]
    matrix[:, n_in:, : 2 * u], matrix[:, n_in:, 3 * u :] = recurrent[..., : 2 * u], recurrent[..., 2 * u :]
    return matrix, np.concatenate([params["bias"], params["candidate"]], axis=1), network.GRU


def _lstm(layer: LSTM, params: Params, n_in: int) -> Product:
    """Columns: i, f, g, o."""
    return np.concatenate([params["weight"], params["recurrent"]], axis=1), params["bias"], network.LSTM


def _ctrnn(layer: CTRNN, params: Params, n_in: int) -> Product:
    """Columns: the drive, the shifts, the rates step / tau.

    The kernel's state begins at zero. It therefore holds each output minus its initial value sigmoid(shift); the
    product of the initial values with the matrix is added to the bias.
    """
    u, shift, rate = layer.units, params["shift"], np.exp(-np.maximum(params["log_tau"], 0))
    initial = np.einsum("ni,nij->nj", sigmoid(shift), params["recurrent"])
    matrix = np.zeros((len(shift), n_in + u, 3 * u))
    matrix[..., :u] = np.concatenate([params["weight"], params["recurrent"]], axis=1)
    return matrix, np.concatenate([initial, shift, rate], axis=1), network.CTRNN


PRODUCTS: dict[type, Callable[[Any, Params, int], Product]] = {
    Dense: _dense_or_elman,
    Affine: _affine,
    LayerNorm: _layer_norm,
    Elman: _dense_or_elman,
    GRU: _gru,
    LSTM: _lstm,
    CTRNN: _ctrnn,
}
