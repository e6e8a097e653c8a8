"""From the columns of a file to the inputs of a network: missing values, text, past rows; and names of the outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Literal

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import DataError
from evorobo.fields import Limits
from evorobo.registry import register_component

Statistic = Literal["mean", "sd", "min", "max"]
MAX_PAST = 100_000
"""Most rows back that a file may state."""


@register_component("settings", "RollingWindow")
@dataclass(frozen=True)
class RollingWindow:
    """Statistics of each input over the last rows of its session, as further inputs.

    A session begins with its first row repeated, so that every window is full.

    Parameters
    ----------
    rows : int, default 10
        Number of rows, the present one included, at least 2.
    statistics : tuple of {"mean", "sd", "min", "max"}, default ("mean", "sd")
        What is computed; the standard deviation divides by the number of rows.

    Examples
    --------
    >>> from evorobo import RollingWindow
    >>> RollingWindow(20, ("min", "max")).rows
    20
    """

    rows: Annotated[int, Limits(ge=2)] = 10
    statistics: tuple[Statistic, ...] = ("mean", "sd")


@dataclass(frozen=True, eq=False)
class DataFormat:
    """How a row of a file becomes the inputs of a network, and what the outputs are called.

    Parameters
    ----------
    columns : tuple of str
        Names of the columns that are read, in their order.
    fill : array of shape (n_columns,)
        What replaces a missing number; NaN where nothing does. A missing text belongs to no category.
    categories : tuple of tuple of str
        For each column its categories, one input each; none for a column of numbers. In arrays of numbers a text is the
        number of its category from 0, and any other number stands for none of them.
    lags : tuple of int, default ()
        Rows so many steps before, of the same session, are inputs too.
    windows : tuple of RollingWindow, default ()
        Statistics of the last rows are inputs too.
    targets : tuple of str, default ()
        Names of the values to predict.
    classes : tuple of str, default ()
        Names of the classes, in the order of the outputs; empty for values.

    Examples
    --------
    >>> import numpy as np
    >>> from evorobo.nets.data_format import DataFormat
    >>> row = DataFormat(("slope", "ground"), np.array([0.5, -1.0]), ((), ("grass", "sand")), classes=("go", "stop"))
    >>> row.names
    ('slope', 'ground=grass', 'ground=sand')
    >>> row.encode(np.array([[np.nan, 1.0]]))
    array([[0.5, 0. , 1. ]])
    """

    columns: tuple[str, ...]
    fill: Array
    categories: tuple[tuple[str, ...], ...]
    lags: tuple[int, ...] = ()
    windows: tuple[RollingWindow, ...] = ()
    targets: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()

    @cached_property
    def sources(self) -> np.ndarray:
        """The number of the column of each input `(n_inputs,)`."""
        return np.tile(self.expanded_columns, 1 + len(self.lags) + sum(len(one.statistics) for one in self.windows))

    @cached_property
    def expanded_columns(self) -> np.ndarray:
        """The number of the column of each input made of the present row alone."""
        return np.repeat(np.arange(len(self.columns)), [max(1, len(names)) for names in self.categories])

    @cached_property
    def codes(self) -> Array:
        """The number of the category of each input of the present row; NaN for numbers."""
        parts = [np.arange(len(names), dtype=float) if names else np.array([np.nan]) for names in self.categories]
        return np.concatenate(parts) if parts else np.empty(0)

    @property
    def n_inputs(self) -> int:
        """The number of inputs of the network."""
        return len(self.sources)

    @property
    def has_history(self) -> bool:
        """Whether inputs depend on earlier rows."""
        return bool(self.lags or self.windows)

    @property
    def has_categories(self) -> bool:
        """Whether a column holds text."""
        return any(self.categories)

    @property
    def is_identity(self) -> bool:
        """Whether the inputs are the columns as they are."""
        return not (self.has_history or self.has_categories or np.isfinite(self.fill).any())

    @property
    def names(self) -> tuple[str, ...]:
        """The name of each input."""
        plain = [
            name
            for column, names in zip(self.columns, self.categories, strict=True)
            for name in ([f"{column}={one}" for one in names] or [column])
        ]
        lagged = [f"{name} {lag} before" for lag in self.lags for name in plain]
        rolled = [f"{name} {what} of {one.rows}" for one in self.windows for what in one.statistics for name in plain]
        return (*plain, *lagged, *rolled)

    def encode(self, rows: Array, starts: np.ndarray | None = None) -> Array:
        """Return the inputs of the network.

        Parameters
        ----------
        rows : array of shape (n_rows, n_columns)
            Numbers; NaN is missing.
        starts : array of int of shape (n_rows,), optional
            The first row of the session of each row. By default each row is a session of its own.

        Returns
        -------
        array of shape (n_rows, n_inputs)
            Inputs; NaN where a number is missing that nothing replaces.
        """
        filled = np.where(np.isnan(rows), self.fill.astype(rows.dtype), rows)
        x = filled[:, self.expanded_columns]
        if self.has_categories:
            one_hot = np.where(np.isnan(x), x, x == self.codes.astype(x.dtype))
            x = np.where(np.isnan(self.codes), x, one_hot)
        if not self.has_history:
            return x
        numbers = np.arange(len(x))
        starts = numbers if starts is None else starts

        def before(steps: int) -> Array:
            return x[np.maximum(numbers - steps, starts)]

        parts = [x, *(before(lag) for lag in self.lags)]
        for window in self.windows:
            parts += [_statistic(what, [before(step) for step in range(window.rows)]) for what in window.statistics]
        return np.concatenate(parts, axis=1)

    def to_numbers(self, rows: Any) -> Array:
        """Return rows as numbers.

        Parameters
        ----------
        rows : array-like of shape (n_rows, n_columns), data frame, dict, or sequence of dict
            Rows with the columns in their order, or named; a dict holds one row, or a sequence for each column. In an
            array of numbers, texts are the numbers of their categories.

        Returns
        -------
        array of shape (n_rows, n_columns)
            Numbers; texts are numbers of categories, -1 for an unknown one, and missing cells are NaN.

        Raises
        ------
        DataError
            If a column is missing or a cell is no number.
        """
        if isinstance(rows, np.ndarray) and rows.dtype.kind in "fiu" and rows.shape[1:] == (len(self.columns),):
            return rows.astype(np.float64)
        cells = self._cells(rows)
        numbers = np.empty((len(cells[0]) if cells else 0, len(self.columns)))
        for place, (column, names, values) in enumerate(zip(self.columns, self.categories, cells, strict=True)):
            if len(values) != len(numbers):
                raise DataError(f"column {column!r} has {len(values)} rows and others have {len(numbers)}.")
            for row, value in enumerate(values):
                numbers[row, place] = _number(value, names, f"row {row}, column {column!r}")
        return numbers

    def _cells(self, rows: Any) -> list[Sequence[Any]]:
        """Return the cells of each column."""
        if isinstance(rows, Mapping):
            one_row = all(isinstance(value, str) or np.ndim(value) == 0 for value in rows.values())
            rows = [rows] if one_row else rows
        elif isinstance(rows, list | tuple) and rows and not isinstance(rows[0], Mapping):
            rows = np.array(rows, object)
        if isinstance(rows, np.ndarray):
            table = np.atleast_2d(rows)
            if table.ndim != 2 or table.shape[1] != len(self.columns):
                raise DataError(
                    f"rows have the shape {np.shape(rows)}, and the genome reads {len(self.columns)} columns: "
                    f"{', '.join(self.columns)}."
                )
            return [column.tolist() for column in table.T]
        known = rows[0] if isinstance(rows, list | tuple) and rows else rows
        for column in self.columns:
            if column not in known:
                raise DataError(f"the rows have no column {column!r}; the genome reads {', '.join(self.columns)}.")
        if isinstance(rows, list | tuple):
            return [[row[column] for row in rows] for column in self.columns]
        return [list(rows[column]) for column in self.columns]  # a data frame, or a dict of columns


def format_to_plain(data: DataFormat) -> dict[str, Any]:
    """Return a format as data for JSON."""
    return {
        "columns": list(data.columns),
        "fill": [None if np.isnan(value) else float(value) for value in data.fill],
        "categories": [list(names) for names in data.categories],
        "lags": list(data.lags),
        "windows": [[window.rows, *window.statistics] for window in data.windows],
        "targets": list(data.targets),
        "classes": list(data.classes),
    }


def format_from_plain(plain: Any) -> DataFormat | None:
    """Return the format that `format_to_plain` wrote, None for None. Raises `ValueError` for a damaged one."""
    if plain is None:
        return None
    columns, fill, categories = plain["columns"], plain["fill"], plain["categories"]
    texts = [*columns, *plain["targets"], *plain["classes"], *(name for names in categories for name in names)]
    sound = (
        len(columns) == len(fill) == len(categories)
        and all(isinstance(text, str) for text in texts)
        and all(isinstance(lag, int) and 0 < lag <= MAX_PAST for lag in plain["lags"])
        and all(isinstance(rows, int) and rows <= MAX_PAST for rows, *_ in plain["windows"])
    )
    if not sound:
        raise ValueError("its description of columns is damaged")
    return DataFormat(
        tuple(columns),
        np.array([np.nan if value is None else value for value in fill], float),
        tuple(map(tuple, categories)),
        tuple(plain["lags"]),
        tuple(RollingWindow(rows, tuple(statistics)) for rows, *statistics in plain["windows"]),
        tuple(plain["targets"]),
        tuple(plain["classes"]),
    )


def _statistic(what: Statistic, rows: list[Array]) -> Array:
    """Return a statistic of arrays `(n, k)` of the last rows, elementwise."""
    if what == "min":
        return np.minimum.reduce(rows)
    if what == "max":
        return np.maximum.reduce(rows)
    mean = np.add.reduce(rows) / len(rows)
    if what == "mean":
        return np.asarray(mean)
    return np.asarray(np.sqrt(np.add.reduce([np.square(row - mean) for row in rows]) / len(rows)))


def _number(value: Any, names: Sequence[str], place: str) -> float:
    """Return the number of a cell: of a number, or of a category."""
    if value is None or value != value or (isinstance(value, str) and not value.strip()):
        return float("nan")
    if names:
        text = value if isinstance(value, str) else f"{value:.15g}" if isinstance(value, float) else str(value)
        return float(names.index(text)) if text in names else -1.0
    try:
        return float(value)
    except (TypeError, ValueError):
        raise DataError(f"{place}: {value!r} is not a number; correct the cell.") from None
