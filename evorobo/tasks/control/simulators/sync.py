"""Any other gymnasium environment: one object for each robot, stepped in turn; the networks still answer together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import TaskError
from evorobo.tasks.control.spaces import Flatten


class SyncSimulator:
    """A simulator (see `Simulator`) of environment objects, made as they are needed and used again."""

    state = None
    capacity = 64  # environment objects kept in memory; a task with more robots runs them in turns

    def __init__(self, id: str, make: Callable[[], Any], flatten: Flatten, native: Callable[[np.ndarray], Any]) -> None:
        self.id = id
        self._make, self._flatten, self._native = make, flatten, native
        self._pool: list[Any] = []
        self._running = np.empty(0, int)

    def reset(self, seeds: np.ndarray, copies: int) -> Array:
        self._seeds = np.tile(seeds, copies)
        self._time = 0
        while len(self._pool) < len(self._seeds):
            self._pool.append(self._make())
        self._running = np.arange(len(self._seeds))
        return np.stack(
            [self._flatten(self._try(int(row), "reset", seed=int(self._seeds[row]))[0]) for row in self._running]
        )

    def step(self, actions: np.ndarray) -> tuple[Array, Array, np.ndarray]:
        self._time += 1
        observations, rewards, ended = [], [], []
        for row, action in zip(self._running, actions, strict=True):
            observation, reward, terminated, truncated, _ = self._try(row, "step", self._native(action))
            observations.append(self._flatten(observation))
            rewards.append(float(reward))
            ended.append(bool(terminated or truncated))
        return np.stack(observations), np.array(rewards), np.array(ended)

    def keep(self, rows: np.ndarray) -> None:
        self._running = self._running[rows]

    def _try(self, row: int, call: str, *arguments: Any, **named: Any) -> Any:
        try:
            return getattr(self._pool[row], call)(*arguments, **named)
        except Exception as error:
            raise TaskError(
                f"{self.id} raised {type(error).__name__} in {call}() at step {self._time} of the episode with seed "
                f"{self._seeds[row]}: {error}"
            ) from error
