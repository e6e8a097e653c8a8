"""Rows of a vectorized robot."""

from __future__ import annotations

import numpy as np

from evorobo.arrays import Array
from evorobo.tasks.control.persistent.base import RowStep
from evorobo.tasks.control.robots.base import Robot, clip_action
from evorobo.tasks.control.robots.rows import RobotRows
from evorobo.tasks.control.simulators.base import make_generator


class RobotEnvRows:
    """Rows (see `EnvRows`) of a `Robot`, with the numbers of `VectorizedSimulator`."""

    def __init__(self, robot: Robot, n_rows: int) -> None:
        self._robot, self._all, self._rows = robot, np.arange(n_rows), RobotRows(robot, n_rows)

    def restart(self, rows: np.ndarray, seeds: np.ndarray) -> Array:
        return self._rows.restart(rows, [make_generator(seed) for seed in seeds]).astype(np.float32)

    def step(self, actions: np.ndarray) -> RowStep:
        step = self._rows.step(self._all, clip_action(self._robot, actions))
        return RowStep(
            step.observations.astype(np.float32), step.rewards, step.terminated, np.zeros(len(actions), bool)
        )
