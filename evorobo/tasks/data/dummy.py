"""Dummy predictions for comparison: a constant guess that ignores the inputs, and a linear fit."""

from __future__ import annotations

import numpy as np

from evorobo.arrays import Array
from evorobo.tasks.data.tables import Table


def dummy_predictions(table: Table, inputs: Array, train: np.ndarray, test: np.ndarray) -> dict[str, np.ndarray]:
    """Return predictions by name for the rows `test`, fitted to the rows `train` only.

    `inputs (rows, k)` are those of the table, scaled. Predictions are values `(n_test, m)` or classes `(n_test,)`.
    """
    if table.classes:
        targets = np.eye(len(table.classes))[table.targets[train]]
        majority = np.broadcast_to(targets.sum(0).argmax(), len(test))
        return {
            "majority class": majority,
            "linear fit": linear_fit(inputs[train], targets, inputs[test]).argmax(-1),
        }
    targets = table.targets[train]
    mean = np.broadcast_to(targets.mean(0), (len(test), targets.shape[1]))
    return {"constant guess": mean, "linear fit": linear_fit(inputs[train], targets, inputs[test])}


def linear_fit(inputs: Array, targets: Array, new_inputs: Array, l2: float = 1.0) -> Array:
    """Ridge regression (Hoerl & Kennard 1970, eq. 2.1) of `targets (rows, m)` on `inputs (rows, k)`, both centered.

    Returns predictions `(n, m)` for `new_inputs (n, k)`. `l2` is added to the diagonal of the squared inputs. It is
    negligible for many scaled rows, and regularizes where there are fewer rows than inputs.
    """
    input_mean, target_mean = inputs.mean(0), targets.mean(0)
    x = inputs - input_mean
    slopes = np.linalg.solve(x.T @ x + l2 * np.eye(x.shape[1]), x.T @ (targets - target_mean))
    return (new_inputs - input_mean) @ slopes + target_mean
