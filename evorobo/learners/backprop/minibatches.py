"""The mini-batches of an epoch: their order, how far training is, and how many rows it has used."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.nets.sequences import Layout, SequenceBatches


class MiniBatches:
    """The items in the random order of an epoch. `samples` and `computed_rows` count rows without and with padding."""

    def __init__(self, batch_size: int) -> None:
        self._batch_size = batch_size
        self.samples, self.computed_rows, self.n_updates = 0, 0, 0
        self.epoch, self._position = -1, 0
        self._order = np.arange(0)
        self.items = SequenceBatches(0)

    def set_items(self, items: SequenceBatches) -> None:
        """Continue with other items, in a new epoch."""
        self.items, self._position = items, len(items)

    @property
    def epoch_is_over(self) -> bool:
        return self._position >= len(self.items)

    @property
    def batches_done(self) -> int:
        """The number of batches so far, as if all epochs were as long as this one."""
        per_epoch = -(-len(self.items) // self._batch_size)
        return self.epoch * per_epoch + -(-self._position // self._batch_size)

    def begin_epoch(self, rng: np.random.Generator) -> None:
        self._order = rng.permutation(len(self.items))
        self.epoch, self._position = self.epoch + 1, 0

    def take(self) -> Layout:
        """Return the next batch and count it."""
        layout = self.items.take(self.upcoming(1))
        self._position += self._batch_size
        self.samples += len(layout.valid_rows)
        self.computed_rows += len(layout.rows)
        self.n_updates += 1
        return layout

    def upcoming(self, n: int) -> np.ndarray:
        """Return the items of the next `n` batches of this epoch."""
        return self._order[self._position : self._position + n * self._batch_size]

    def upcoming_rows(self, n: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows up to each of the next `n` batches, without and with padding."""
        return self.items.count_rows(self.upcoming(n), self._batch_size)

    def advance(self, n: int) -> None:
        """Count the next `n` batches."""
        samples, computed_rows = self.upcoming_rows(n)
        self._position += n * self._batch_size
        self.samples += int(samples[-1])
        self.computed_rows += int(computed_rows[-1])
        self.n_updates += n

    def draws(
        self, n: int, normal: int, uniform: Sequence[int], rng: np.random.Generator, dtype: np.dtype[Any]
    ) -> Array:
        """Draw what the next `n` batches need: `normal` numbers for each row, then `uniform` ones several times."""
        if not normal and not uniform:
            return np.zeros(0, dtype)
        draws = []
        for rows in np.diff(self.upcoming_rows(n)[1], prepend=0).tolist():
            if normal:
                draws.append(rng.standard_normal(rows * normal, dtype))
            draws += [rng.random(rows * width, dtype) for width in uniform]
        return np.concatenate(draws)

    def state(self) -> dict[str, Any]:
        return {
            "order": self._order,
            "epoch": self.epoch,
            "position": self._position,
            "samples": self.samples,
            "computed_rows": self.computed_rows,
            "n_updates": self.n_updates,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self._order, self.epoch, self._position = state["order"], state["epoch"], state["position"]
        self.samples, self.computed_rows = state["samples"], state["computed_rows"]
        self.n_updates = state["n_updates"]
