"""Random numbers of vectorized robots: each episode draws from its own seed, whatever other episodes run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from evorobo.arrays import Array

DRAWS_AHEAD = 64
"""Draws made in one call and returned one by one; it saves a fifth of the time of a hundred noisy episodes."""


class RandomStream:
    """The random numbers of one episode, from one generator, as rows of standard draws."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._draw: dict[str, Callable[[Any], Any]] = {"normal": rng.standard_normal, "uniform": rng.random}
        self._ahead: dict[tuple[str, int], tuple[Array, int]] = {}

    def next(self, kind: str, size: int) -> Array:
        """The next draw `(size,)` of a kind, "normal" or "uniform"."""
        draws, at = self._ahead.get((kind, size), (np.empty((0, size)), 0))
        if at == len(draws):
            draws, at = self._draw[kind]((DRAWS_AHEAD, size)), 0
        self._ahead[kind, size] = draws, at + 1
        return draws[at]

    def next_steps(self, draws: Sequence[tuple[str, int]], n_steps: int) -> Array:
        """The draws of many steps `(n_steps, numbers)`, where each step makes these draws in order."""
        if len(draws) != 1:
            return np.array([np.concatenate([self.next(*draw) for draw in draws]) for _ in range(n_steps)])
        ((kind, size),) = draws
        ahead, at = self._ahead.get((kind, size), (np.empty((0, size)), 0))
        n_blocks = -(-max(0, n_steps - len(ahead) + at) // DRAWS_AHEAD)
        # numbers come in the same order from one call as from many
        rows = np.concatenate([ahead[at:], self._draw[kind]((n_blocks * DRAWS_AHEAD, size))])
        self._ahead[kind, size] = rows, n_steps
        return rows[:n_steps]


class RandomStreams:
    """The random numbers of many robots; robot r runs the episode `streams[episode[r]]`.

    Robots of one episode get equal numbers. So all members of a generation have the same noise, and a robot in a batch
    behaves exactly as it does alone.
    """

    def __init__(self, streams: Sequence[RandomStream], episode: np.ndarray) -> None:
        self.streams = list(streams)
        self.episode = episode
        self._rows_left = False

    @classmethod
    def for_one(cls, rng: np.random.Generator) -> RandomStreams:
        """The random numbers of one robot that draws from `rng`."""
        return cls([RandomStream(rng)], np.zeros(1, int))

    def normal(self, scale: Any, size: int) -> Array:
        """Draw `(n_robots, size)` from a normal distribution of mean 0 and standard deviation `scale`."""
        return self._next("normal", size) * scale

    def uniform(self, low: Any, high: Any, size: int) -> Array:
        """Draw `(n_robots, size)` from a uniform distribution between `low` and `high`."""
        return low + (np.asarray(high) - low) * self._next("uniform", size)

    def keep(self, rows: np.ndarray) -> None:
        """Continue with these rows only; episodes without a robot draw no more."""
        self.episode = self.episode[rows]
        self._rows_left = True

    def _next(self, kind: str, size: int) -> Array:
        if self._rows_left:  # done here, not in `keep`: many robots draw in `initial` only
            running, self.episode = np.unique(self.episode, return_inverse=True)
            self.streams = [self.streams[number] for number in running]
            self._rows_left = False
        return np.array([stream.next(kind, size) for stream in self.streams])[self.episode]


def limits_with_noise(noise: float, low: float = 0.0, high: float = 1.0) -> tuple[float, float]:
    """The range (see `Robot.limits`) of readings between `low` and `high` with Gaussian noise: 10 deviations more."""
    return low - 10 * noise, high + 10 * noise
