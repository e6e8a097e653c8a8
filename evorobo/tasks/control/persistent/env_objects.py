"""Rows of environment objects, one after the other."""

from __future__ import annotations

import numpy as np

from evorobo.arrays import Array
from evorobo.tasks.control.persistent.base import RowStep
from evorobo.tasks.control.simulators.env_objects import EnvObjects


class ObjectEnvRows:
    """Rows (see `EnvRows`) of any environment of gymnasium, an object for each."""

    def __init__(self, objects: EnvObjects) -> None:
        self._objects = objects

    def restart(self, rows: np.ndarray, seeds: np.ndarray) -> Array:
        return np.stack([self._objects.reset(int(row), int(seed)) for row, seed in zip(rows, seeds, strict=True)])

    def step(self, actions: np.ndarray) -> RowStep:
        steps = [self._objects.step(row, action) for row, action in enumerate(actions)]
        observations, rewards, terminated, truncated = zip(*steps, strict=True)
        return RowStep(np.stack(observations), np.array(rewards), np.array(terminated), np.array(truncated))
