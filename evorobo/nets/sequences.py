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
        self.bounds = np.zeros((0, 2), np.int64)
        """First row and the one after the last row of each sequence; empty where each row is an item."""
        self.n_steps = 1
        """The length of the longest sequence."""
        self._count = rows
        if sequence is not None:
            starts = np.flatnonzero(np.r_[True, sequence[1:] != sequence[:-1]])
            length = window or rows
            bounds = [
                (first, min(first + length, end))
                for start, end in zip(starts, np.r_[starts[1:], rows], strict=True)
                for first in range(start, end, length)
            ]
            self.bounds = np.array(bounds)
            self._count, self.n_steps = len(bounds), int((self.bounds[:, 1] - self.bounds[:, 0]).max())

    def __len__(self) -> int:
        return self._count

    def take(self, items: np.ndarray) -> Layout:
        """Return the batch of these items, by number."""
        if not len(self.bounds):
            return Layout(items)
        starts, ends = self.bounds[items].T
        n_steps = int((ends - starts).max())
        rows = starts[:, None] + np.arange(n_steps)
        mask = rows < ends[:, None]
        return Layout(np.where(mask, rows, starts[:, None]).ravel(), n_steps, None if mask.all() else mask.ravel())

    def count_rows(self, items: np.ndarray, batch_size: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows of these items up to each batch, without and with padding."""
        sizes = np.minimum(np.arange(batch_size, len(items) + batch_size, batch_size), len(items))
        if not len(self.bounds):
            return sizes, sizes
        lengths = np.subtract(*self.bounds[items].T[::-1])
        starts = np.arange(0, len(items), batch_size)
        longest = np.maximum.reduceat(lengths, starts)
        return np.cumsum(lengths)[sizes - 1], np.cumsum(longest * np.diff(sizes, prepend=0))


def sequence_ids(*keys: np.ndarray) -> np.ndarray:
    """Return numbers `(rows,)` of sequences. A new sequence starts where any of `keys (rows,)` changes."""
    changes = np.any([key[1:] != key[:-1] for key in keys], axis=0)
    return np.r_[0, np.cumsum(changes)]
