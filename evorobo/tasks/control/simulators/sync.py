"""Steps environment objects one after the other; their networks still compute in one batch."""

from __future__ import annotations

import numpy as np

from evorobo.arrays import Array
from evorobo.tasks.control.simulators.env_objects import EnvObjects


class SyncSimulator:
    """A simulator (see `Simulator`) of environment objects."""

    state = None
    capacity = 64  # environment objects in memory; a task with more robots runs them in batches

    def __init__(self, objects: EnvObjects) -> None:
        self._objects = objects
        self._running = np.empty(0, int)

    def reset(self, seeds: np.ndarray, copies: int) -> Array:
        all_seeds = np.tile(seeds, copies)
        self._running = np.arange(len(all_seeds))
        return np.stack([self._objects.reset(row, int(seed)) for row, seed in enumerate(all_seeds)])

    def step(self, actions: np.ndarray) -> tuple[Array, Array, np.ndarray]:
        steps = [self._objects.step(row, action) for row, action in zip(self._running, actions, strict=True)]
        observations, rewards, terminated, truncated = zip(*steps, strict=True)
        return np.stack(observations), np.array(rewards), np.array(terminated) | np.array(truncated)

    def keep(self, rows: np.ndarray) -> None:
        self._running = self._running[rows]
