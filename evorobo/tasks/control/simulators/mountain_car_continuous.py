"""MountainCarContinuous-v0 of gymnasium as a vectorized robot: a weak car with a continuous push."""

from __future__ import annotations

import numpy as np

from evorobo.arrays import Array
from evorobo.tasks.control.robots.base import Robot
from evorobo.tasks.control.robots.random_streams import RandomStreams
from evorobo.tasks.control.simulators.mountain_car import GRAVITY, car_step, random_start, slope

POWER, GOAL = 0.0015, 0.45


class MountainCarContinuous(Robot):
    """Physics of gymnasium's `Continuous_MountainCarEnv`: 100 for the goal, minus 0.1 times squared pushes.

    As in gymnasium, the car starts in double precision and continues in single precision.
    """

    replaces = "gymnasium.envs.classic_control.continuous_mountain_car:Continuous_MountainCarEnv"
    sensors = ("position", "velocity")
    motors = ("push",)
    max_steps = 999

    def initial(self, rng: RandomStreams) -> Array:
        return random_start(rng)

    def observation(self, state: Array, rng: RandomStreams) -> Array:
        return state

    def transition(self, state: Array, action: np.ndarray, rng: RandomStreams) -> Array:
        force = action[:, 0].astype(np.float32)
        push = force * POWER - (GRAVITY * slope(state[:, 0])).astype(np.float32)
        return car_step(state, push).astype(np.float32)

    def reward(self, state: Array, action: np.ndarray, next_state: Array) -> Array:
        return 100.0 * self.terminal(next_state) - np.square(action[:, 0]) * 0.1

    def terminal(self, state: Array) -> np.ndarray:
        return (state[:, 0] >= GOAL) & (state[:, 1] >= 0)
