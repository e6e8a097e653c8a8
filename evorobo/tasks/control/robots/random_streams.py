"""Chance for robots on rows: each episode draws from its own seed, whoever else is running."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from evorobo.arrays import Array

DRAWS_AHEAD = 64
"""Draws made in one call and handed out one by one: it saves a fifth of the time of a hundred noisy episodes."""


class RandomStream:
    """The random numbers of one episode, from one Generator, as rows of standard draws."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._draw: dict[str, Callable[[Any], Any]] = {"normal": rng.standard_normal, "uniform": rng.random}
        self._ahead: dict[tuple[str, int], tuple[Array, int]] = {}

    def next(self, kind: str, size: int) -> Array:
        """The next `(size,)` of a kind."""
        drawn, at = self._ahead.get((kind, size), (None, DRAWS_AHEAD))
        if drawn is None or at == DRAWS_AHEAD:
            drawn, at = self._draw[kind]((DRAWS_AHEAD, size)), 0
        self._ahead[kind, size] = drawn, at + 1
        return drawn[at]


class RandomStreams:
    """`rows` robots that play the episodes `episode (rows,)`, numbers of `streams`; those of one episode get the same.

    So all members of a generation meet the same noise, and a robot in a crowd lives the very life it would live alone.
    """

    def __init__(self, streams: Sequence[RandomStream], episode: np.ndarray) -> None:
        self.streams = list(streams)
        self.episode = episode
        self._rows_left = False

    @classmethod
    def for_one(cls, rng: np.random.Generator) -> RandomStreams:
        """For one robot that draws from `rng`."""
        return cls([RandomStream(rng)], np.zeros(1, int))

    def normal(self, scale: Any, size: int) -> Array:
        """`(rows, size)` from a normal distribution of mean 0."""
        return self._next("normal", size) * scale

    def uniform(self, low: Any, high: Any, size: int) -> Array:
        """`(rows, size)`, even between `low` and `high`."""
        return low + (np.asarray(high) - low) * self._next("uniform", size)

    def keep(self, rows: np.ndarray) -> None:
        """Go on with these rows only; episodes that nobody plays any more draw no more."""
        self.episode = self.episode[rows]
        self._rows_left = True

    def _next(self, kind: str, size: int) -> Array:
        if self._rows_left:  # sorted out here and not in `keep`, for the sake of robots that draw only in `initial`
            playing, self.episode = np.unique(self.episode, return_inverse=True)
            self.streams = [self.streams[number] for number in playing]
            self._rows_left = False
        return np.array([stream.next(kind, size) for stream in self.streams])[self.episode]


def limits_with_noise(noise: float, low: float = 0.0, high: float = 1.0) -> tuple[float, float]:
    """Between which numbers sensors read (see `Robot.limits`) that have Gaussian `noise` of this deviation on something
    between `low` and `high`: ten deviations more on either side, which no reading exceeds in a lifetime."""
    return low - 10 * noise, high + 10 * noise
