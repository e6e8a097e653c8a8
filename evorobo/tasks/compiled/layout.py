"""Networks as the kernel takes them: a row of numbers for each, padded so that a processor does many at once."""

from __future__ import annotations

import numpy as np

from evorobo.errors import TaskError
from evorobo.nets.activations import ACTIVATIONS, Array
from evorobo.nets.affine import Affine
from evorobo.nets.dense import Dense
from evorobo.nets.dropout import Dropout
from evorobo.nets.elman import Elman
from evorobo.nets.layer import Layer, Views
from evorobo.nets.spec import NetworkSpec

ROWS, COLUMNS = 4, 8
"""What the kernel adds up in one go, and what fits into a register of a processor with AVX."""

BENDS = list(ACTIVATIONS)


def laid_out(spec: NetworkSpec, weights: Array) -> tuple[Array, np.ndarray]:
    """Of networks `weights (n, p)` the rows `(n, p')`, and the table `(layers, 7)` that reads them.

    Of each layer: inputs, values that it remembers from the step before (Elman), rows and columns of its matrix, its
    activation by number, outputs, and the width of the widest. A row holds each layer's biases, then its matrix.
    Raises `TaskError` for layers of other kinds.
    """
    parts, table = [], []
    for layer, views, n_in in zip(spec.layers, spec.unpack(weights), spec.widths, strict=False):
        if isinstance(layer, Dropout):  # in use it lets everything pass
            continue
        matrix, bias, bend = _dense(layer, views, n_in)
        n_rows, n_out = matrix.shape[1:]
        rows, columns = -(-n_rows // ROWS) * ROWS, -(-n_out // COLUMNS) * COLUMNS
        padded = np.zeros((len(weights), 1 + rows, columns), np.float32)
        padded[:, 0, :n_out], padded[:, 1 : 1 + n_rows, :n_out] = bias, matrix
        parts.append(padded.reshape(len(weights), -1))
        table.append([n_in, n_rows - n_in, rows, columns, bend, n_out])
    widest = max(max(row[2], row[3]) for row in table)
    return np.concatenate(parts, axis=1), np.array([[*row, widest] for row in table])


def _dense(layer: Layer, views: Views, n_in: int) -> tuple[Array, Array, int]:
    """Matrix `(n, rows, out)` and biases by which a layer answers its inputs and its memory, and its activation."""
    if isinstance(layer, Affine):
        return views["gain"][:, :, None] * np.eye(n_in), views["shift"], BENDS.index(layer.activation)
    if isinstance(layer, Dense | Elman):
        parts = [views[name] for name in ("weight", "recurrent") if name in views]
        bias = views["bias"] if layer.bias else np.zeros(layer.units)
        return np.concatenate(parts, axis=1), bias, BENDS.index(layer.activation)
    raise TaskError(
        f"networks with {type(layer).__name__} layers cannot be compiled, those of Dense, Elman, BatchNorm and Dropout "
        "layers can; leave compiled=True out."
    )
