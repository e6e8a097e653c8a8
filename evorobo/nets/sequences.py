"""Batches of sequences: which rows belong together, and how sequences of unequal length are padded to one batch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evorobo.arrays import Array


@dataclass(frozen=True, eq=False)
class Layout:
    """Layout of a batch of `sequences * n_steps` rows, one sequence after another.

    `rows` are the numbers of the rows in the data. `mask` is False for padding; None means that all rows are real.
    """

    rows: np.ndarray
    n_steps: int = 1
    mask: np.ndarray | None = None

    @property
    def valid_rows(self) -> np.ndarray:
        """Numbers of the real rows, in the order of the batch."""
        return self.rows if self.mask is None else self.rows[self.mask]

    def remove_padding(self, outputs: Array) -> Array:
        """Return the real rows of `outputs (..., sequences * n_steps, k)`."""
        return outputs if self.mask is None else outputs[..., self.mask, :]

    def add_padding(self, gradients: Array) -> Array:
        """Return gradients of the real rows as gradients of all rows, with zeros for padding."""
        if self.mask is None:
            return gradients
        padded = np.zeros((*gradients.shape[:-2], len(self.mask), gradients.shape[-1]), gradients.dtype)
        padded[..., self.mask, :] = gradients
        return padded


class SequenceBatches:
    """The items that are shuffled and batched: single rows, or sequences.

    `sequence (rows,)` numbers the sequences; a new one starts where the number changes. None makes each row an item.
    With `window`, sequences are cut into windows of at most that many rows. Each window starts with zero state, so
    this is truncated backpropagation through time (Williams & Peng 1990).
    """

    def __init__(self, rows: int, sequence: np.ndarray | None = None, window: int | None = None) -> None:
        self._bounds: np.ndarray | None = None
        self._count = rows
        if sequence is not None:
            starts = np.flatnonzero(np.r_[True, sequence[1:] != sequence[:-1]])
            length = window or rows
            bounds = [
                (first, min(first + length, end))
                for start, end in zip(starts, np.r_[starts[1:], rows], strict=True)
                for first in range(start, end, length)
            ]
            self._bounds = np.array(bounds)
            self._count = len(bounds)

    def __len__(self) -> int:
        return self._count

    def take(self, items: np.ndarray) -> Layout:
        """Return the batch of these items, by number."""
        if self._bounds is None:
            return Layout(items)
        starts, ends = self._bounds[items].T
        n_steps = int((ends - starts).max())
        rows = starts[:, None] + np.arange(n_steps)
        mask = rows < ends[:, None]
        return Layout(np.where(mask, rows, starts[:, None]).ravel(), n_steps, None if mask.all() else mask.ravel())


def sequence_ids(*keys: np.ndarray) -> np.ndarray:
    """Return numbers `(rows,)` of sequences. A new sequence starts where any of `keys (rows,)` changes."""
    changes = np.any([key[1:] != key[:-1] for key in keys], axis=0)
    return np.r_[0, np.cumsum(changes)]
