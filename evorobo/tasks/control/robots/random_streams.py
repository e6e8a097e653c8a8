"""Random numbers of vectorized robots: each episode draws from its own seed, whatever other episodes run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from evorobo.arrays import Array

DRAWS_AHEAD = 64
"""Draws made in one call and returned one by one; with `LockstepStreams` a hundred noisy episodes take 3/4 of the time.
"""


class RandomStream:
    """The random numbers of one episode, from one generator, as rows of standard draws."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._draw: dict[str, Callable[[Any], Array]] = {"normal": rng.standard_normal, "uniform": rng.random}
        self._ahead: dict[tuple[str, int], tuple[Array, int]] = {}

    def next(self, kind: str, size: int) -> Array:
        """The next draw `(size,)` of a kind, "normal" or "uniform"."""
        draws, at = self._ahead.get((kind, size), (np.empty((0, size)), 0))
        if at == len(draws):
            draws, at = self.draw(kind, size, DRAWS_AHEAD), 0
        self._ahead[kind, size] = draws, at + 1
        return draws[at]

    def draw(self, kind: str, size: int, n_steps: int) -> Array:
        """New draws `(n_steps, size)`, past those that `next` has made ahead."""
        return self._draw[kind]((n_steps, size))


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
            self._keep_streams(running)
            self._rows_left = False
        return self._of_streams(kind, size)[self.episode]

    def _keep_streams(self, running: np.ndarray) -> None:
        self.streams = [self.streams[number] for number in running]

    def _of_streams(self, kind: str, size: int) -> Array:
        """The next draws `(streams, size)`."""
        return np.array([stream.next(kind, size) for stream in self.streams])


class LockstepStreams(RandomStreams):
    """The random numbers of episodes that begin together and make the same draws: they are drawn for all in blocks.

    The numbers of an episode are those of its `RandomStream`. Robot r runs the episode of `generators[episode[r]]`.
    """

    def __init__(self, generators: Sequence[np.random.Generator], episode: np.ndarray) -> None:
        super().__init__([RandomStream(generator) for generator in generators], episode)
        self._blocks: dict[tuple[str, int], tuple[Array, int]] = {}

    def repeat(self, copies: int) -> None:
        """Continue with so many robots for each robot of today, one block of robots after another."""
        self.episode = np.tile(self.episode, copies)

    def next_steps(self, draws: Sequence[tuple[str, int]], n_steps: int) -> Array:
        """The draws of many steps `(streams, n_steps, numbers)`, where each step makes these draws in order."""
        if len(draws) != 1:
            steps = [[self._of_streams(*draw) for draw in draws] for _ in range(n_steps)]
            return np.stack([np.concatenate(step, axis=1) for step in steps], axis=1)
        ((kind, size),) = draws
        ahead, at = self._blocks.get((kind, size), (np.empty((0, len(self.streams), size)), 0))
        n_blocks = -(-max(0, n_steps - len(ahead) + at) // DRAWS_AHEAD)
        # numbers come in the same order from one call as from many
        rows = np.concatenate([ahead[at:], self._draw(kind, size, n_blocks * DRAWS_AHEAD)])
        self._blocks[kind, size] = rows, n_steps
        return np.ascontiguousarray(rows[:n_steps].swapaxes(0, 1))

    def _keep_streams(self, running: np.ndarray) -> None:
        super()._keep_streams(running)
        self._blocks = {draw: (block[:, running], at) for draw, (block, at) in self._blocks.items()}

    def _of_streams(self, kind: str, size: int) -> Array:
        block, at = self._blocks.get((kind, size), (np.empty((0, 0)), 0))
        if at == len(block):
            block, at = self._draw(kind, size, DRAWS_AHEAD), 0
        self._blocks[kind, size] = block, at + 1
        return block[at]

    def _draw(self, kind: str, size: int, n_steps: int) -> Array:
        """New draws `(n_steps, streams, size)`."""
        return np.stack([stream.draw(kind, size, n_steps) for stream in self.streams], axis=1)


def limits_with_noise(noise: float, low: float = 0.0, high: float = 1.0) -> tuple[float, float]:
    """The range (see `Robot.limits`) of readings between `low` and `high` with Gaussian noise: 10 deviations more."""
    return low - 10 * noise, high + 10 * noise
