"""Answers that need no network: what a data set gives to a guess that ignores the inputs, and to a linear fit."""

from __future__ import annotations

import numpy as np

from evorobo.arrays import Array
from evorobo.tasks.data.tables import Table


def dummy_predictions(table: Table, inputs: Array, train: np.ndarray, test: np.ndarray) -> dict[str, np.ndarray]:
    """By name, answers to the rows `asked`, made of the rows `train` alone: values `(rows, m)` or class numbers.

    `inputs (rows, k)` are the table's, brought to a common size.
    """
    if table.classes:
        shown = np.eye(len(table.classes))[table.targets[train]]
        usual = np.broadcast_to(shown.sum(0).argmax(), len(test))
        return {"majority class": usual, "linear fit": linear_fit(inputs[train], shown, inputs[test]).argmax(-1)}
    shown = table.targets[train]
    usual = np.broadcast_to(shown.mean(0), (len(test), shown.shape[1]))
    return {"constant guess": usual, "linear fit": linear_fit(inputs[train], shown, inputs[test])}


def linear_fit(inputs: Array, targets: Array, new_inputs: Array, l2: float = 1.0) -> Array:
    """Ridge regression (Hoerl & Kennard 1970, eq. 2.1) of `targets (rows, m)` on `inputs (rows, k)`, both centred.

    Returns its answers `(n, m)` to `asked (n, k)`. `strength` is what is added to the diagonal of the squared inputs:
    next to nothing for many scaled rows, and help where there are fewer rows than inputs.
    """
    middle, level = inputs.mean(0), targets.mean(0)
    x = inputs - middle
    slopes = np.linalg.solve(x.T @ x + l2 * np.eye(x.shape[1]), x.T @ (targets - level))
    return (new_inputs - middle) @ slopes + level
