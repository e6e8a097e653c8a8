"""A linear fit for tests of data sets, to compare with known errors."""

from __future__ import annotations

import numpy as np

from evorobo import DatasetTask


def ridge(task: DatasetTask, strength: float = 1.0) -> np.ndarray:
    """Predictions for the test rows `(rows, m)`, fitted to training and validation rows; classes as 0 and 1."""
    table, parts = task.table, task.parts
    rows = np.concatenate([parts.train, parts.validation])
    y = np.eye(len(table.classes))[table.targets] if table.classes else table.targets
    mean, sd = table.inputs[rows].mean(0), table.inputs[rows].std(0)
    x = (table.inputs - mean) / np.where(sd > 0, sd, 1.0)
    square = x[rows].T @ x[rows] + strength * np.eye(x.shape[1])
    return x[parts.test] @ np.linalg.solve(square, x[rows].T @ (y[rows] - y[rows].mean(0))) + y[rows].mean(0)


def nmse(task: DatasetTask, predictions: np.ndarray) -> np.ndarray:
    """Mean squared error of each target divided by its variance, on the test rows."""
    targets = task.table.targets[task.parts.test]
    return np.mean((predictions - targets) ** 2, axis=0) / targets.var(0)
