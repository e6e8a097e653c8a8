"""Rows of a table as batches: independent rows, or sequences in time for recurrent networks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from evorobo.errors import DataError
from evorobo.nets.sequences import Layout, SequenceBatches, sequence_ids
from evorobo.tasks.data.tables import Table

MAX_RECURRENCE = 1.25
"""Up to this ratio of runs to different values, each run is a sequence, as where a counter goes back a few numbers."""


@dataclass(frozen=True, eq=False)
class RowSequences:
    """Batches of the rows of a table. A sequence is a run of equal values in `column (n_rows,)`.

    The column is that of `sequence_numbers`. Without one, each row is a unit of its own. With one, units are whole
    sequences, or windows of them.
    """

    column: np.ndarray | None
    window: int

    def ids(self, rows: np.ndarray) -> np.ndarray | None:
        """Return the number of the sequence of each of `rows`. A gap between rows begins a new sequence."""
        if self.column is None:
            return None
        return sequence_ids(self.column[rows], rows - np.arange(len(rows)))

    def whole(self, rows: np.ndarray) -> Layout:
        """Return one batch of all sequences in `rows`; its row numbers are indices of `rows`."""
        units = SequenceBatches(len(rows), self.ids(rows))
        return units.take(np.arange(len(units)))

    def sample(self, rows: np.ndarray, n_rows: int | None, rng: np.random.Generator) -> Layout:
        """Return a batch of about `n_rows` random rows in whole windows, or of all (None); indices as in `whole`."""
        units = SequenceBatches(len(rows), self.ids(rows), self.window)
        size = 1 if self.column is None else self.window
        n_units = len(units) if n_rows is None else max(1, n_rows // size)
        every = n_units >= len(units)
        return units.take(np.arange(len(units)) if every else rng.choice(len(units), n_units, replace=False))


def sequence_names(columns: str | tuple[str, ...] | None) -> tuple[str, ...]:
    """Return the names of the columns that tell sequences apart."""
    return (columns,) if isinstance(columns, str) else columns or ()


@lru_cache(maxsize=16)
def sequence_numbers(table: Table, names: str | tuple[str, ...] | None, task: str) -> np.ndarray | None:
    """Return the number `(n_rows,)` of each row's sequence: of its values in the columns `names`; None without any.

    Raises
    ------
    DataError
        If rows of equal values are apart, as those of robots that take turns.
    """
    names = sequence_names(names)
    if not names:
        return None
    columns = [table.column(name, f"column of {task}") for name in names]
    codes = np.column_stack([np.unique(column, return_inverse=True)[1] for column in columns])
    _, numbers = np.unique(codes, axis=0, return_inverse=True)
    n_values, n_runs = int(numbers.max()) + 1, 1 + np.count_nonzero(np.diff(numbers))
    if n_runs > MAX_RECURRENCE * n_values:
        what = " and ".join(map(repr, names))
        raise DataError(
            f"{n_values} values of {what} in {task} stand in {n_runs} separate runs of rows; sort the rows by {what} "
            "and time if each value is one sequence, or name a further column that numbers the runs if each run is "
            f"one, as in sequence=({', '.join(map(repr, names))}, 'run')."
        )
    return numbers
