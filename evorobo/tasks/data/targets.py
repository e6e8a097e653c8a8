"""Targets of rows, scaled for training and weighted, with the rows that have one; and the loss that fits them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import DataError, SettingsError
from evorobo.nets.cross_entropy import CrossEntropy
from evorobo.nets.losses import MSE, Loss
from evorobo.nets.scaling import Scaler
from evorobo.tasks.data.tables import Table


@dataclass(frozen=True, eq=False)
class RowTargets:
    """Targets of a table as a task uses them. `scored_steps` and `sample_weight` name columns; `name` is the task's."""

    table: Table
    scaler: Scaler | None
    sample_weight: str | None
    scored_steps: str | None
    name: str

    def scaled(self, rows: np.ndarray) -> np.ndarray:
        """Return scaled values `(k, m)` or class numbers `(k,)`."""
        targets = self.table.targets[rows]
        return self.scaler.transform(targets) if self.scaler else targets

    def weights(self, rows: np.ndarray) -> Array | None:
        """Return the weight `(k,)` of each row in training: 0 where it has no target; None if all count equally."""
        names = [name for name in (self.sample_weight, self.scored_steps) if name is not None]
        return np.prod([self.table.weight_column(name, self.name)[rows] for name in names], axis=0) if names else None

    def for_loss(self, rows: np.ndarray, dtype: str) -> tuple[np.ndarray, ...]:
        """Return what a loss takes besides the outputs: targets, and weights where rows have any."""
        targets, weights = self.scaled(rows), self.weights(rows)
        targets = targets if self.table.classes else targets.astype(dtype)
        return (targets,) if weights is None else (targets, weights.astype(dtype))

    def scored(self, rows: np.ndarray) -> np.ndarray:
        """Return those of `rows` that count in validation and test."""
        if self.scored_steps is None:
            return rows
        column = self.table.weight_column(self.scored_steps, self.name)
        if not np.isin(column, (0, 1)).all() or not column[rows].any():
            where = f"column {self.scored_steps!r} of {self.name}"
            raise DataError(f"{where} must contain only 0 and 1, with a 1 in each part of the split.")
        return rows[column[rows] == 1]


def resolve_loss(loss: Loss | None, targets: RowTargets, train: np.ndarray) -> Loss:
    """Return `loss`, or the default for None, with balanced class weights for the rows `train`.

    Raises `SettingsError` if it does not fit the targets.
    """
    classes = targets.table.classes
    if loss is None:
        return CrossEntropy() if classes else MSE()
    several_choices = isinstance(loss, CrossEntropy) and loss.choices
    if loss.for_classes is (not classes) or several_choices:
        kind, default = ("classes", "CrossEntropy()") if classes else ("values", "MSE()")
        given = type(loss).__name__ + (" with choices" if several_choices else "")
        raise SettingsError(f"{targets.name} predicts {kind}, which {given} does not fit; use {default}.")
    if isinstance(loss, CrossEntropy) and loss.class_weights == "balanced":
        return replace(loss, class_weights=balanced_weights(targets.table.targets[targets.scored(train)], len(classes)))
    return loss


def balanced_weights(class_numbers: np.ndarray, n_classes: int) -> tuple[float, ...]:
    """Return a weight for each class with which all classes count equally: n / (k n_class); 0 without a row."""
    counts = np.bincount(class_numbers, minlength=n_classes)
    weights = len(class_numbers) / (n_classes * np.maximum(counts, 1))
    return tuple(np.where(counts > 0, weights, 0.0).tolist())
