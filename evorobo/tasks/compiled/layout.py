"""Networks as the kernel takes them: a row of numbers for each, padded so that a processor does many at once."""

from __future__ import annotations

import numpy as np

from evorobo.errors import TaskError
from evorobo.nets.activations import ACTIVATIONS, Array
from evorobo.nets.affine import Affine
from evorobo.nets.ctrnn import CTRNN
from evorobo.nets.dense import Dense
from evorobo.nets.dropout import Dropout
from evorobo.nets.elman import Elman
from evorobo.nets.gru import GRU
from evorobo.nets.layer import Layer, Views
from evorobo.nets.lstm import LSTM
from evorobo.nets.recurrent import sigmoid
from evorobo.nets.spec import NetworkSpec
from evorobo.tasks.compiled import network

ROWS, COLUMNS = 4, 8
"""What the kernel adds up in one go, and what fits into a register of a processor with AVX."""

BENDS = list(ACTIVATIONS)


def laid_out(spec: NetworkSpec, weights: Array) -> tuple[Array, np.ndarray]:
    """Of networks `weights (n, p)` the rows `(n, p')`, and the table `(layers, 7)` that reads them.

    Of each layer: inputs, values that it takes in from its memory, rows and columns of its matrix, its activation or
    kind by number, outputs, and the width of the widest. A row holds each layer's biases, then its matrix.
    Raises `TaskError` for layers of other kinds.
    """
    parts, table = [], []
    for layer, views, n_in in zip(spec.layers, spec.unpack(weights), spec.widths, strict=False):
        if isinstance(layer, Dropout):  # in use it lets everything pass
            continue
        matrix, bias, bend = _product(layer, views, n_in)
        n_rows, n_columns = matrix.shape[1:]
        rows, columns = -(-n_rows // ROWS) * ROWS, -(-n_columns // COLUMNS) * COLUMNS
        padded = np.zeros((len(weights), 1 + rows, columns), np.float32)
        padded[:, 0, :n_columns], padded[:, 1 : 1 + n_rows, :n_columns] = bias, matrix
        parts.append(padded.reshape(len(weights), -1))
        table.append([n_in, n_rows - n_in, rows, columns, bend, layer.width(n_in)])
    widest = max(max(row[2], row[3]) for row in table)
    return np.concatenate(parts, axis=1), np.array([[*row, widest] for row in table])


def _product(layer: Layer, views: Views, n_in: int) -> tuple[Array, Array, int]:
    """Matrix `(n, rows, columns)` and biases by which a layer takes in its inputs and its memory, and what it makes of
    the product: an activation, or a kind of layer, by number."""
    if isinstance(layer, Affine):
        return views["gain"][:, :, None] * np.eye(n_in), views["shift"], BENDS.index(layer.activation)
    if isinstance(layer, Dense | Elman | LSTM):
        parts = [views[name] for name in ("weight", "recurrent") if name in views]
        bias = views.get("bias", np.zeros(parts[0].shape[-1]))
        kind = network.LSTM if isinstance(layer, LSTM) else BENDS.index(layer.activation)
        return np.concatenate(parts, axis=1), bias, kind
    if isinstance(layer, GRU):  # r, z, what the inputs want, what the memory wants
        u = layer.units
        matrix = np.zeros((len(views["weight"]), n_in + u, 4 * u))
        matrix[:, :n_in, : 3 * u], matrix[:, n_in:, : 2 * u] = views["weight"], views["recurrent"][..., : 2 * u]
        matrix[:, n_in:, 3 * u :] = views["recurrent"][..., 2 * u :]
        return matrix, np.concatenate([views["bias"], views["candidate"]], axis=1), network.GRU
    if isinstance(layer, CTRNN):
        # what drives it; its shifts; its shares step / tau. Memories begin at zero, so outputs are kept as what they
        # differ by from those at the beginning, sigmoid(shift), whose product with the matrix is a bias
        shift, share = views["shift"], np.exp(-np.maximum(views["pace"], 0))
        rest = np.einsum("ni,nij->nj", sigmoid(shift), views["recurrent"])
        matrix = np.zeros((len(shift), n_in + layer.units, 3 * layer.units))
        matrix[..., : layer.units] = np.concatenate([views["weight"], views["recurrent"]], axis=1)
        return matrix, np.concatenate([rest, shift, share], axis=1), network.CTRNN
    raise TaskError(
        f"networks with {type(layer).__name__} layers cannot be compiled, those of Dense, BatchNorm, Dropout and "
        "recurrent layers can; leave compiled=True out."
    )
