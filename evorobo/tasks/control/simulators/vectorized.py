"""Steps any number of copies of one vectorized robot in NumPy."""

from __future__ import annotations

import numpy as np

from evorobo.arrays import Array
from evorobo.tasks.control.robots.base import Robot, clip_action
from evorobo.tasks.control.robots.random_streams import LockstepStreams
from evorobo.tasks.control.simulators.base import make_generator


class VectorizedSimulator:
    """A simulator (see `Simulator`) of a `Robot` with episodes of at most `max_steps`.

    Its episodes equal those of `gymnasium.make`: the generator of each seed is the same, observations are rounded to
    single precision, states and rewards are double.
    """

    capacity = None

    def __init__(self, robot: Robot, max_steps: int) -> None:
        self.robot = robot
        self.max_steps = max_steps
        self.state: Array = np.empty((0, 0))

    def reset(self, seeds: np.ndarray, copies: int) -> Array:
        self.random_streams = LockstepStreams([make_generator(seed) for seed in seeds], np.arange(len(seeds)))
        self.state = np.tile(self.robot.initial(self.random_streams), (copies, 1))
        self.random_streams.repeat(copies)
        self._n_steps = 0
        return self._observe()

    def step(self, actions: np.ndarray) -> tuple[Array, Array, np.ndarray]:
        actions = clip_action(self.robot, actions)
        before, self.state = self.state, self.robot.transition(self.state, actions, self.random_streams)
        rewards = self.robot.reward(before, actions, self.state)
        self._n_steps += 1
        ended = np.asarray(self.robot.terminal(self.state), bool)
        if self._n_steps >= self.max_steps:
            ended = np.ones_like(ended)
        return self._observe(), rewards, ended

    def keep(self, rows: np.ndarray) -> None:
        self.state = self.state[rows]
        self.random_streams.keep(rows)

    def _observe(self) -> Array:
        return self.robot.observation(self.state, self.random_streams).astype(np.float32)
