"""Labelled data in memory: a table of inputs with their targets, checked once when it is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import DataError, unknown

KINDS = ("classification", "regression")
MIN_ROWS = 3  # one for each part of a split


@dataclass(frozen=True, eq=False)
class Table:
    """`inputs (rows, k)`; `targets (rows, m)` to predict, or class numbers `(rows,)` with their names in `classes`.

    `columns` are further columns `(rows,)`, not shown to the network: a lap, a day, a given split.
    """

    inputs: Array
    targets: np.ndarray
    input_names: tuple[str, ...]
    target_names: tuple[str, ...]
    classes: tuple[str, ...] = ()
    columns: dict[str, np.ndarray] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.inputs)

    def column(self, name: str, kind: str = "column to split by") -> np.ndarray:
        """A further column; `SettingsError`, with the nearest name, says that there is no such `kind` of thing."""
        if name not in self.columns:
            raise unknown(kind, name, self.columns)
        return self.columns[name]

    def weight_column(self, name: str, where: str) -> Array:
        """A further column that says how much rows count, `(rows,)`, 0 or more; `where` is how errors call the data."""
        column = self.column(name, f"column of {where}")
        if column.dtype.kind not in "fiub" or not np.isfinite(column).all() or column.min() < 0:
            raise DataError(f"column {name!r} of {where} holds what is no weight; give numbers from 0.")
        return column.astype(np.float64)


def make_table(
    inputs: Any,
    targets: Any,
    kind: str | None = None,
    *,
    classes: Iterable[str] = (),
    columns: Mapping[str, Any] | None = None,
    where: str = "the data",
) -> Table:
    """A table of arrays, checked: `inputs (rows, k)`, `targets (rows,)` or `(rows, m)`, further `columns (rows,)`.

    `kind` None: targets of text, whole numbers or True and False are classes, floats are values.
    """
    x, y = np.asarray(inputs), np.asarray(targets)
    if x.ndim != 2 or not x.shape[1] or x.dtype.kind not in "fiub":
        raise DataError(f"{where}: inputs must be numbers of shape (rows, columns), not {x.dtype} {x.shape}.")
    if y.ndim not in (1, 2) or len(y) != len(x):
        raise DataError(f"{where}: targets {y.shape} do not go with inputs {x.shape}; give one row for each row.")
    check_rows(where, len(x))
    further = {name: np.asarray(column) for name, column in (columns or {}).items()}
    for name, column in further.items():
        if column.shape != (len(x),):
            raise DataError(f"{where}: column {name!r} has shape {column.shape} instead of {(len(x),)}.")
        if column.dtype == object:
            raise DataError(f"{where}: column {name!r} mixes types; make it all numbers or all text.")
    if kind is None:
        kind = "regression" if y.dtype.kind == "f" else "classification"
    x = _finite(where, "inputs", x)
    names = tuple(str(number) for number in range(x.shape[1]))
    if kind == "classification":
        if y.ndim == 2 and y.shape[1] != 1:
            raise DataError(f"{where}: classification has one target for each row, not {y.shape[1]}.")
        y, found = _numbered(where, y.reshape(-1), tuple(classes))
        return Table(x, y, names, ("target",), found, further)
    if y.dtype.kind not in "fiub":
        raise DataError(f"{where}: targets are {y.dtype}, and regression needs numbers; say kind='classification'.")
    y = _finite(where, "targets", y.reshape(len(y), -1))
    target_names = ("target",) if y.shape[1] == 1 else tuple(f"target {number}" for number in range(y.shape[1]))
    return Table(x, y, names, target_names, (), further)


def _numbered(where: str, labels: np.ndarray, classes: tuple[str, ...]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Class numbers and names, of labels of any type."""
    if labels.dtype.kind == "f":
        labels = _finite(where, "targets", labels)
    if not classes:
        values, numbers = np.unique(labels, return_inverse=True)
        classes = tuple(f"{value:.12g}" if labels.dtype.kind == "f" else str(value) for value in values)
    elif labels.dtype.kind in "iub" and labels.min() >= 0 and labels.max() < len(classes):
        numbers = labels
    else:
        raise DataError(f"{where}: with {len(classes)} names in classes, targets are numbers 0 to {len(classes) - 1}.")
    check_classes(where, classes)
    return numbers.astype(np.int64), classes


def _finite(where: str, what: str, values: np.ndarray) -> Array:
    values = values.astype(np.float64)
    bad = np.argwhere(~np.isfinite(values))
    if len(bad):
        row, *column = map(int, bad[0])
        at = f"row {row}" + "".join(f", column {each}" for each in column)
        raise DataError(f"{where}: {what} hold {values[tuple(bad[0])]} in {at}; fill or delete it.")
    return values


def check_rows(where: str, rows: int) -> None:
    """Refuse too few rows."""
    if rows < MIN_ROWS:
        raise DataError(f"{where}: {rows} rows are too few to train, validate and test; give at least {MIN_ROWS}.")


def check_classes(where: str, classes: tuple[str, ...]) -> None:
    """Refuse a choice that is none."""
    if len(classes) < 2:
        raise DataError(f"{where}: all rows are of one class, {classes[0]!r}; a choice needs at least two.")
