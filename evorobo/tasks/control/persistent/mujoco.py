"""Rows of a MuJoCo robot."""

from __future__ import annotations

import numpy as np

from evorobo.arrays import Array
from evorobo.tasks.control.persistent.base import RowStep
from evorobo.tasks.control.simulators.base import make_generator
from evorobo.tasks.control.simulators.mujoco.base import MujocoRobot
from evorobo.tasks.control.simulators.mujoco.physics import make_physics


class MujocoEnvRows:
    """Rows (see `EnvRows`) of a `MujocoRobot`, with the numbers of `MujocoSimulator`."""

    def __init__(self, robot: MujocoRobot, n_rows: int) -> None:
        self._robot, self._all, self._physics = robot, np.arange(n_rows), make_physics(robot)
        self._physics.allocate(n_rows)
        self._position = np.zeros(n_rows)

    def restart(self, rows: np.ndarray, seeds: np.ndarray) -> Array:
        qpos, qvel = zip(*(self._robot.initial(make_generator(seed)) for seed in seeds), strict=True)
        self._physics.restart(rows, np.stack(qpos), np.stack(qvel))
        now = self._physics.now(rows)
        self._position[rows] = self._robot.position(now)
        return self._robot.observation(now)

    def step(self, actions: np.ndarray) -> RowStep:
        actions = np.asarray(actions, np.float32)  # the precision of gymnasium's action spaces
        self._physics.step(self._all, actions)
        now = self._physics.now(self._all)
        rewards = self._robot.reward(self._position, now, actions)
        self._position = np.array(self._robot.position(now))
        return RowStep(self._robot.observation(now), rewards, self._robot.terminal(now), np.zeros(len(actions), bool))
