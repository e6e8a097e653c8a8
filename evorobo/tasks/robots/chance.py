"""Chance for robots on rows: each episode draws from its own seed, whoever else is running."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from evorobo.nets.activations import Array


class Chance:
    """`rows` robots that play the episodes `episode (rows,)`; those of one episode get the same numbers.

    So all members of a generation meet the same noise, and a robot in a crowd lives the very life it would live alone.
    """

    def __init__(self, generators: Sequence[np.random.Generator], episode: np.ndarray) -> None:
        self.generators = list(generators)
        self.episode = episode

    def normal(self, scale: Any, size: int) -> Array:
        """`(rows, size)` from a normal distribution of mean 0."""
        return self._draw(lambda rng: rng.normal(0.0, scale, size))

    def uniform(self, low: Any, high: Any, size: int) -> Array:
        """`(rows, size)`, even between `low` and `high`."""
        return self._draw(lambda rng: rng.uniform(low, high, size))

    def keep(self, rows: np.ndarray) -> None:
        """Go on with these rows only; episodes that nobody plays any more draw no more."""
        playing, self.episode = np.unique(self.episode[rows], return_inverse=True)
        self.generators = [self.generators[number] for number in playing]

    def _draw(self, draw: Any) -> Array:
        drawn = np.stack([draw(rng) for rng in self.generators])
        return drawn[self.episode]
