"""Labeled data in memory: a table of inputs and targets, checked when it is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from numbers import Real
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import DataError, unknown
from evorobo.tasks.data.sentinels import find_sentinels
from evorobo.tasks.text.cells import to_boolean, to_number

KINDS = ("classification", "regression")
MIN_ROWS = 3  # one for each part of a split


@dataclass(frozen=True, eq=False)
class ColumnTexts:
    """The texts of a column of a file that may separate sessions, or hold times.

    `sample` holds the first different texts. `groups (n_rows,)` numbers the texts if they are few, else it is None.
    """

    name: str
    sample: tuple[str, ...]
    groups: np.ndarray | None


@dataclass(frozen=True, eq=False)
class Table:
    """Inputs and targets of a data set, with the names of their columns.

    `make_table` makes and checks a table of arrays, and `read_table` one of a file.

    Parameters
    ----------
    inputs : array of shape (n_rows, n_inputs)
        Inputs of the network; NaN is missing, for tasks with `missing`.
    targets : array of shape (n_rows, n_targets) or (n_rows,)
        Values to predict, or class numbers; NaN or -1 is missing.
    input_names : tuple of str
        Name of each input.
    target_names : tuple of str
        Name of each target.
    classes : tuple of str, default ()
        Names of the classes, by number. Empty for values.
    columns : dict of str to array of shape (n_rows,), default {}
        Further columns that are not inputs, for example a lap, a day or a given split.
    texts : tuple of ColumnTexts, default ()
        Texts of columns of a file that are left out, and of inputs that are called like sessions.
    categories : dict of str to tuple of str, default {}
        The texts of inputs that hold the numbers of texts, by name.

    Examples
    --------
    >>> import evorobo as er
    >>> table = er.make_table([[0.5, 1.0], [0.2, 0.9], [0.7, 0.1]], ["go", "turn", "go"], columns={"lap": [1, 1, 2]})
    >>> table.classes, len(table)
    (('go', 'turn'), 3)
    """

    inputs: Array
    targets: np.ndarray
    input_names: tuple[str, ...]
    target_names: tuple[str, ...]
    classes: tuple[str, ...] = ()
    columns: dict[str, np.ndarray] = field(default_factory=dict)
    texts: tuple[ColumnTexts, ...] = ()
    categories: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def take(self, rows: np.ndarray) -> Table:
        """Select rows.

        Parameters
        ----------
        rows : array of int of shape (k,)
            Row numbers.

        Returns
        -------
        Table
            The selected rows.
        """
        return replace(
            self,
            inputs=self.inputs[rows],
            targets=self.targets[rows],
            columns={name: values[rows] for name, values in self.columns.items()},
            texts=tuple(
                replace(column, groups=None if column.groups is None else column.groups[rows]) for column in self.texts
            ),
        )

    @property
    def has_missing(self) -> bool:
        """Whether an input or a target is missing."""
        lacks_target = (self.targets < 0).any() if self.classes else np.isnan(self.targets).any()
        return bool(lacks_target or np.isnan(self.inputs).any())

    def __len__(self) -> int:
        return len(self.inputs)

    def column(self, name: str, kind: str = "column to split by") -> np.ndarray:
        """Return one of the further columns.

        Parameters
        ----------
        name : str
            Name of the column.
        kind : str, default "column to split by"
            What the message of the error calls the column.

        Returns
        -------
        array of shape (n_rows,)
            Numbers or text.

        Raises
        ------
        SettingsError
            If there is no such column. The message suggests the nearest name.
        """
        if name not in self.columns:
            raise unknown(kind, name, self.columns)
        return self.columns[name]

    def weight_column(self, name: str, where: str) -> Array:
        """Return one of the further columns as weights of rows.

        Parameters
        ----------
        name : str
            Name of the column.
        where : str
            What the message of an error calls the data.

        Returns
        -------
        array of shape (n_rows,)
            Weights, 0 or more.

        Raises
        ------
        DataError
            If the column holds text, infinite or negative numbers.
        SettingsError
            If there is no such column. The message suggests the nearest name.
        """
        column = _without_text(self.column(name, f"column of {where}"))
        if column.dtype.kind not in "fiub" or not np.isfinite(column).all() or column.min() < 0:
            raise DataError(f"column {name!r} of {where} holds values that are no weights; give numbers of at least 0.")
        return column.astype(np.float64)


def make_table(
    inputs: Any,
    targets: Any,
    kind: str | None = None,
    *,
    classes: Iterable[str] = (),
    columns: Mapping[str, Any] | None = None,
    where: str = "the data",
    allow_missing: bool = False,
) -> Table:
    """Make a table of arrays and check it.

    Parameters
    ----------
    inputs : array-like of shape (n_rows, n_inputs)
        Inputs of the network.
    targets : array-like of shape (n_rows,) or (n_rows, n_targets)
        Values to predict, or classes as text or numbers.
    kind : {"classification", "regression"}, optional
        By default targets of text, whole numbers or booleans are classes, and floats are values.
    classes : iterable of str, default ()
        Names of the classes, where targets are numbers from 0.
    columns : dict of str to array-like of shape (n_rows,), optional
        Further columns that are not inputs.
    where : str, default "the data"
        What messages of errors call the data.
    allow_missing : bool, default False
        Whether NaN among inputs and values to predict is a missing value instead of an error.

    Returns
    -------
    Table
        The table.

    Raises
    ------
    DataError
        If shapes do not fit, numbers are not finite, or rows or classes are too few.

    Examples
    --------
    >>> import evorobo as er
    >>> er.make_table([[0.5], [0.2], [0.7]], [1.0, 2.0, 3.0]).targets.shape
    (3, 1)
    """
    x, y = plain_array(inputs, f"{where}: inputs"), plain_array(targets, f"{where}: targets")
    if x.ndim != 2 or not x.shape[1] or x.dtype.kind not in "fiub":
        raise DataError(f"{where}: inputs must be numbers of shape (rows, columns), not {x.dtype} {x.shape}.")
    if y.ndim not in (1, 2) or len(y) != len(x):
        raise DataError(f"{where}: targets {y.shape} do not fit inputs {x.shape}; give one target per row.")
    check_rows(where, len(x))
    more_columns = {}
    for name, values in (columns or {}).items():
        column = more_columns[name] = plain_array(values, f"{where}: column {name!r}")
        if column.shape != (len(x),):
            raise DataError(f"{where}: column {name!r} has shape {column.shape} instead of {(len(x),)}.")
    if kind is None:
        kind = "regression" if y.dtype.kind == "f" else "classification"
    x = _finite(where, "inputs", x, allow_missing)
    names = tuple(str(number) for number in range(x.shape[1]))
    if kind == "classification":
        y, class_names = _class_numbers(where, y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y, tuple(classes))
        return Table(x, y, names, ("target",), class_names, more_columns)
    if y.dtype.kind not in "fiub":
        raise DataError(f"{where}: targets are {y.dtype}, and regression needs numbers; set kind='classification'.")
    y = _finite(where, "targets", y.reshape(len(y), -1), allow_missing)
    target_names = ("target",) if y.shape[1] == 1 else tuple(f"target {number}" for number in range(y.shape[1]))
    return Table(x, y, names, target_names, (), more_columns)


def plain_array(values: Any, what: str) -> np.ndarray:
    """Return an array of numbers, texts or Booleans. Objects, as pandas makes them, become one of these.

    Raises
    ------
    DataError
        If values are masked, missing or of several types.
    """
    if isinstance(values, np.ma.MaskedArray) and (n_masked := np.ma.count_masked(values)):
        first = ", ".join(map(str, np.argwhere(np.ma.getmaskarray(values))[0]))
        raise DataError(f"{what} mask {n_masked} values, the first at index {first}; fill them or delete their rows.")
    array = np.asarray(values)
    if array.dtype != object:
        return array
    types = {type(value) for value in array.flat}
    for base, dtype in ((str, str), (bool | np.bool, bool), (int | np.integer, int), (Real, float)):
        if all(issubclass(kind, base) for kind in types):
            return array.astype(dtype)
    missing = np.argwhere(np.vectorize(_is_missing, otypes=[bool])(array))
    more = (
        f" {len(missing)} of its values are missing, the first at index {missing[0].tolist()}." if len(missing) else ""
    )
    raise DataError(f"{what} mixes types; make it all numbers or all text.{more}")


def _is_missing(value: object) -> bool:
    """Return whether an object is None, or NaN or the missing value of pandas, which do not equal themselves."""
    try:
        return value is None or bool(value != value)
    except TypeError:
        return True


def _without_text(column: np.ndarray) -> np.ndarray:
    """Return numbers and Booleans that were kept as texts as floats, and other columns unchanged."""
    if column.dtype.kind != "U":
        return column
    texts, codes = np.unique(column, return_inverse=True)
    numbers = to_boolean({text.lower() for text in texts.tolist()}) or {
        text: to_number(text) for text in texts.tolist()
    }
    values = np.array([numbers.get(text, numbers.get(text.lower(), np.nan)) for text in texts.tolist()])
    return column if np.isnan(values).any() else values[codes]


def _class_numbers(where: str, labels: np.ndarray, classes: tuple[str, ...]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return class numbers and class names for labels of any type."""
    if labels.ndim == 2:
        if labels.dtype.kind not in "fiub" or not is_one_hot(labels):
            raise DataError(f"{where}: classification has one target for each row, not {labels.shape[1]}.")
        labels, classes = labels.argmax(1), classes or tuple(map(str, range(labels.shape[1])))
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


def _finite(where: str, what: str, values: np.ndarray, allow_missing: bool = False) -> Array:
    """Return `values` as floats, or raise `DataError` with the place of the first that is not finite."""
    values = values.astype(np.float64)
    bad = np.argwhere(~np.isfinite(values) & ~(np.isnan(values) & allow_missing))
    if len(bad):
        row, *column = map(int, bad[0])
        at = f"row {row}" + "".join(f", column {number}" for number in column)
        value = values[tuple(bad[0])]
        hint = ', or set missing="drop", "mean" or "median" in the task' if np.isnan(value) else ""
        raise DataError(f"{where}: {what} contain {value} in {at}; fill or delete it{hint}.")
    matrix = values.reshape(len(values), -1)
    for place, sentinel in find_sentinels(matrix).items():
        n_cells = int((matrix[:, place] == sentinel).sum())
        raise DataError(
            f"{where}: {what} contain {sentinel!r} in column {place}, {n_cells} times, which stands for a missing "
            "value; fill or delete these rows."
        )
    return values


def is_one_hot(values: np.ndarray) -> bool:
    """Return whether `values (rows, k)` hold a single 1 in each row and 0 elsewhere, with k of at least 2."""
    if values.ndim != 2 or values.shape[1] < 2:
        return False
    return bool(np.isin(values, (0, 1)).all() and (values.sum(1) == 1).all())


def check_rows(where: str, rows: int) -> None:
    """Raise `DataError` for too few rows."""
    if rows < MIN_ROWS:
        raise DataError(f"{where}: {rows} rows are too few to train, validate and test; give at least {MIN_ROWS}.")


def check_classes(where: str, classes: tuple[str, ...]) -> None:
    """Raise `DataError` for fewer than two classes."""
    if len(classes) < 2:
        raise DataError(f"{where}: all rows belong to one class, {classes[0]!r}; classification needs at least two.")
