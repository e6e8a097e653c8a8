"""Rows of a table as batches: independent rows, or sequences in time for recurrent networks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evorobo.nets.sequences import Layout, SequenceBatches, sequence_ids


@dataclass(frozen=True, eq=False)
class RowSequences:
    """Batches of the rows of a table. A sequence is a run of equal values in `column (n_rows,)`.

    Without a column, each row is a unit of its own. With one, units are whole sequences, or windows of them.
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
