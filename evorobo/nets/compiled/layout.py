"""Networks as the kernel takes them: a row of numbers for each, padded so that a processor does many at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import TaskError
from evorobo.nets.activations import ACTIVATIONS
from evorobo.nets.batch_norm import Affine, BatchNorm
from evorobo.nets.compiled import network
from evorobo.nets.ctrnn import CTRNN
from evorobo.nets.dense import Dense
from evorobo.nets.dropout import Dropout
from evorobo.nets.elman import Elman
from evorobo.nets.gru import GRU
from evorobo.nets.layer import Layer, Params
from evorobo.nets.layer_norm import LayerNorm
from evorobo.nets.lstm import LSTM
from evorobo.nets.recurrent import sigmoid
from evorobo.nets.spec import NetworkSpec

ROWS, COLUMNS = 4, 8
"""What the kernel adds up in one go, and what fits into a register of a processor with AVX."""

ACTIVATION_NAMES = list(ACTIVATIONS)

Product: TypeAlias = tuple[Array, Array, int]
"""Matrix `(n, rows, columns)` and biases by which a layer takes in its inputs and its memory, and what it makes of the
product: an activation, or a kind of layer, by number."""


def pack_networks(spec: NetworkSpec, weights: Array) -> tuple[Array, np.ndarray]:
    """Of networks `weights (n, p)` the rows `(n, p')`, and the table `(layers, 7)` that reads them.

    Of each layer: inputs, values that it takes in from its memory, rows and columns of its matrix, its activation or
    kind by number, outputs, and the width of the widest. A row holds each layer's biases, then its matrix.
    Raises `TaskError` for layers of other kinds.
    """
    parts, table = [], []
    for layer, params, n_in in zip(spec.layers, spec.unpack(weights), spec.widths, strict=False):
        if type(layer) is Dropout:  # in use it lets everything pass
            continue
        matrix, bias, activation = _layer_matrix(layer, params, n_in)
        n_rows, n_columns = matrix.shape[1:]
        rows, columns = -(-n_rows // ROWS) * ROWS, -(-n_columns // COLUMNS) * COLUMNS
        padded = np.zeros((len(weights), 1 + rows, columns), np.float32)
        padded[:, 0, :n_columns], padded[:, 1 : 1 + n_rows, :n_columns] = bias, matrix
        parts.append(padded.reshape(len(weights), -1))
        table.append([n_in, n_rows - n_in, rows, columns, activation, layer.width(n_in)])
    widest = max(max(row[2], row[3]) for row in table)
    return np.concatenate(parts, axis=1), np.array([[*row, widest] for row in table])


def _layer_matrix(layer: Layer, params: Params, n_in: int) -> Product:
    if type(layer) not in PRODUCTS:  # one that is derived from them may do otherwise
        known = ", ".join(kind.__name__ for kind in (*PRODUCTS, BatchNorm, Dropout))
        raise TaskError(
            f"networks with {type(layer).__name__} layers cannot be compiled, these can: {known}; leave "
            "compiled=True out."
        )
    return PRODUCTS[type(layer)](layer, params, n_in)


def _affine(layer: Affine, params: Params, n_in: int) -> Product:
    return params["gain"][:, :, None] * np.eye(n_in), params["shift"], ACTIVATION_NAMES.index(layer.activation)


def _plain(layer: Dense | Elman, params: Params, n_in: int) -> Product:
    matrix = np.concatenate([params[name] for name in ("weight", "recurrent") if name in params], axis=1)
    return matrix, params.get("bias", np.zeros(layer.units)), ACTIVATION_NAMES.index(layer.activation)


def _layer_norm(layer: LayerNorm, params: Params, n_in: int) -> Product:
    """Columns: what comes in, gains, shifts, epsilon."""
    members = len(params["gain"])
    matrix = np.zeros((members, n_in, 3 * n_in + 1))
    matrix[:, :, :n_in] = np.eye(n_in)
    none, epsilon = np.zeros((members, n_in)), np.full((members, 1), layer.epsilon)
    return matrix, np.concatenate([none, params["gain"], params["shift"], epsilon], axis=1), network.LAYER_NORM


def _gru(layer: GRU, params: Params, n_in: int) -> Product:
    """Columns: r, z, what the inputs want, what the memory wants."""
    u, recurrent = layer.units, params["recurrent"]
    matrix = np.zeros((len(recurrent), n_in + u, 4 * u))
    matrix[:, :n_in, : 3 * u] = params["weight"]
    matrix[:, n_in:, : 2 * u], matrix[:, n_in:, 3 * u :] = recurrent[..., : 2 * u], recurrent[..., 2 * u :]
    return matrix, np.concatenate([params["bias"], params["candidate"]], axis=1), network.GRU


def _lstm(layer: LSTM, params: Params, n_in: int) -> Product:
    """Columns: i, f, g, o."""
    return np.concatenate([params["weight"], params["recurrent"]], axis=1), params["bias"], network.LSTM


def _ctrnn(layer: CTRNN, params: Params, n_in: int) -> Product:
    """Columns: what drives it, its shifts, its shares step / tau.

    Memories begin at zero: of outputs is kept what they differ by from those at the beginning, sigmoid(shift), whose
    product with the matrix is a bias.
    """
    u, shift, share = layer.units, params["shift"], np.exp(-np.maximum(params["log_tau"], 0))
    rest = np.einsum("ni,nij->nj", sigmoid(shift), params["recurrent"])
    matrix = np.zeros((len(shift), n_in + u, 3 * u))
    matrix[..., :u] = np.concatenate([params["weight"], params["recurrent"]], axis=1)
    return matrix, np.concatenate([rest, shift, share], axis=1), network.CTRNN


PRODUCTS: dict[type, Callable[[Any, Params, int], Product]] = {
    Dense: _plain,
    Affine: _affine,
    LayerNorm: _layer_norm,
    Elman: _plain,
    GRU: _gru,
    LSTM: _lstm,
    CTRNN: _ctrnn,
}
