"""Rows in time: which of them belong together, and how sequences of unequal length fit into one batch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evorobo.arrays import Array


@dataclass(frozen=True, eq=False)
class Layout:
    """A batch of `sequences * time` rows, sequence after sequence: which row of the data each of them is.

    `real` is False where a sequence is over and the batch filled up; None if all rows are real.
    """

    rows: np.ndarray
    n_steps: int = 1
    mask: np.ndarray | None = None

    @property
    def valid_rows(self) -> np.ndarray:
        """The rows of the data that are in it, in its order."""
        return self.rows if self.mask is None else self.rows[self.mask]

    def remove_padding(self, outputs: Array) -> Array:
        """Of outputs `(..., sequences * time, k)` those of the real rows."""
        return outputs if self.mask is None else outputs[..., self.mask, :]

    def add_padding(self, slopes: Array) -> Array:
        """Gradients by the answers as gradients by all outputs: zero for what is filled up."""
        if self.mask is None:
            return slopes
        everywhere = np.zeros((*slopes.shape[:-2], len(self.mask), slopes.shape[-1]), slopes.dtype)
        everywhere[..., self.mask, :] = slopes
        return everywhere


class SequenceBatches:
    """What is shuffled and batched: `rows` rows that stand alone, or the runs of equal numbers in `sequence (rows,)`.

    With `window` sequences are cut into windows of at most that many rows. Each begins without memory, so gradients
    reach back `window` moments at most: backpropagation through time, truncated (Williams & Peng 1990).
    """

    def __init__(self, rows: int, sequence: np.ndarray | None = None, window: int | None = None) -> None:
        self._cuts: np.ndarray | None = None
        self._count = rows
        if sequence is not None:
            starts = np.flatnonzero(np.r_[True, sequence[1:] != sequence[:-1]])
            step = window or rows
            cuts = [
                (at, min(at + step, end))
                for start, end in zip(starts, np.r_[starts[1:], rows], strict=True)
                for at in range(start, end, step)
            ]
            self._cuts = np.array(cuts)
            self._count = len(cuts)

    def __len__(self) -> int:
        return self._count

    def take(self, which: np.ndarray) -> Layout:
        """The batch of these units, by number."""
        if self._cuts is None:
            return Layout(which)
        starts, ends = self._cuts[which].T
        n_steps = int((ends - starts).max())
        rows = starts[:, None] + np.arange(n_steps)
        mask = rows < ends[:, None]
        return Layout(np.where(mask, rows, starts[:, None]).ravel(), n_steps, None if mask.all() else mask.ravel())


def sequence_ids(*keys: np.ndarray) -> np.ndarray:
    """Numbers `(rows,)` for `Units`: a new sequence begins wherever any of `keys (rows,)` changes."""
    changes = np.any([key[1:] != key[:-1] for key in keys], axis=0)
    return np.r_[0, np.cumsum(changes)]
