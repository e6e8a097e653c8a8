"""Any number of one MuJoCo robot's copies, to the story of gymnasium's environment."""

from __future__ import annotations

import numpy as np

from evorobo.arrays import Array
from evorobo.tasks.control.simulators.base import make_generator
from evorobo.tasks.control.simulators.mujoco.body import MujocoRobot
from evorobo.tasks.control.simulators.mujoco.physics import make_physics


class MujocoSimulator:
    """A simulator (see `Simulator`) of a `Body`, cut off after `max_steps`; observations in double precision."""

    state = None

    def __init__(self, body: MujocoRobot, max_steps: int) -> None:
        self._body, self._max_steps, self._physics = body, max_steps, make_physics(body)
        self.capacity = self._physics.capacity

    def reset(self, seeds: np.ndarray, copies: int) -> Array:
        drawn = [self._body.initial(make_generator(seed)) for seed in seeds]
        qpos, qvel = (np.tile(np.stack(each), (copies, 1)) for each in zip(*drawn, strict=True))
        self._rows, self._time = np.arange(len(qpos)), 0
        self._physics.reset(qpos, qvel)
        now = self._physics.now(self._rows)
        self._place = self._body.position(now)
        return self._body.observation(now)

    def step(self, actions: np.ndarray) -> tuple[Array, Array, np.ndarray]:
        actions = np.asarray(actions, np.float32)  # as gymnasium's action spaces have them
        self._physics.step(self._rows, actions)
        now = self._physics.now(self._rows)
        rewards = self._body.reward(self._place, now, actions)
        self._place = self._body.position(now)
        self._time += 1
        ended = self._body.terminal(now)
        if self._time >= self._max_steps:
            ended = np.ones_like(ended)
        return self._body.observation(now), rewards, ended

    def keep(self, rows: np.ndarray) -> None:
        self._rows, self._place = self._rows[rows], self._place[rows]
