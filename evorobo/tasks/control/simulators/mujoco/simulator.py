"""Steps many copies of one MuJoCo robot, with the episodes of gymnasium's environment."""

from __future__ import annotations

import numpy as np

from evorobo.arrays import Array
from evorobo.tasks.control.simulators.base import make_generator
from evorobo.tasks.control.simulators.mujoco.base import MujocoRobot
from evorobo.tasks.control.simulators.mujoco.physics import make_physics


class MujocoSimulator:
    """A simulator (see `Simulator`) of a `MujocoRobot` with at most `max_steps` in an episode."""

    state = None

    def __init__(self, robot: MujocoRobot, max_steps: int) -> None:
        self._robot, self._max_steps, self._physics = robot, max_steps, make_physics(robot)
        self.capacity = self._physics.capacity

    def reset(self, seeds: np.ndarray, copies: int) -> Array:
        starts = [self._robot.initial(make_generator(seed)) for seed in seeds]
        qpos, qvel = (np.tile(np.stack(rows), (copies, 1)) for rows in zip(*starts, strict=True))
        self._rows, self._n_steps = np.arange(len(qpos)), 0
        self._physics.allocate(len(qpos))
        self._physics.restart(self._rows, qpos, qvel)
        now = self._physics.now(self._rows)
        self._position = self._robot.position(now)
        return self._robot.observation(now)

    def step(self, actions: np.ndarray) -> tuple[Array, Array, np.ndarray]:
        actions = np.asarray(actions, np.float32)  # the precision of gymnasium's action spaces
        self._physics.step(self._rows, actions)
        now = self._physics.now(self._rows)
        rewards = self._robot.reward(self._position, now, actions)
        self._position = self._robot.position(now)
        self._n_steps += 1
        ended = self._robot.terminal(now)
        if self._n_steps >= self._max_steps:
            ended = np.ones_like(ended)
        return self._robot.observation(now), rewards, ended

    def keep(self, rows: np.ndarray) -> None:
        self._rows, self._position = self._rows[rows], self._position[rows]
