"""MountainCar-v0 of gymnasium as a vectorized robot: a weak car in a valley."""

from __future__ import annotations

from collections.abc import Callable
from math import cos

import numpy as np

from evorobo.arrays import Array
from evorobo.tasks.control.robots.base import Robot
from evorobo.tasks.control.robots.random_streams import RandomStreams

LEFT_END, RIGHT_END, FASTEST = -1.2, 0.6, 0.07
FORCE, GRAVITY, GOAL = 0.001, 0.0025, 0.5
EXACT_COS: Callable[[Array], Array] = np.frompyfunc(cos, 1, 1)


class MountainCar(Robot):
    """Physics of gymnasium's `MountainCarEnv` (Moore 1990): the reward is -1 in each step to the goal."""

    replaces = "gymnasium.envs.classic_control.mountain_car:MountainCarEnv"
    sensors = ("position", "velocity")
    moves = ("left", "nothing", "right")
    max_steps = 200

    def initial(self, rng: RandomStreams) -> Array:
        return random_start(rng)

    def observation(self, state: Array, rng: RandomStreams) -> Array:
        return state

    def transition(self, state: Array, action: np.ndarray, rng: RandomStreams) -> Array:
        return car_step(state, (action - 1) * FORCE + slope(state[:, 0]) * -GRAVITY)

    def reward(self, state: Array, action: np.ndarray, next_state: Array) -> Array:
        return np.full(len(state), -1.0)

    def terminal(self, state: Array) -> np.ndarray:
        return (state[:, 0] >= GOAL) & (state[:, 1] >= 0)


def random_start(rng: RandomStreams) -> Array:
    """Position and velocity of a car at rest near the bottom."""
    position = rng.uniform(-0.6, -0.4, 1)
    return np.concatenate([position, np.zeros_like(position)], axis=1)


def slope(position: Array) -> Array:
    """cos(3 position) by the function of the C library, as in gymnasium; NumPy's may round differently."""
    return EXACT_COS(3 * position).astype(float)


def car_step(state: Array, push: Array) -> Array:
    """Position and velocity after one step, with a speed limit and a wall at the left end."""
    velocity = np.clip(state[:, 1] + push, -FASTEST, FASTEST)
    position = np.clip(state[:, 0] + velocity, LEFT_END, RIGHT_END)
    stopped = (position == LEFT_END) & (velocity < 0)
    return np.stack([position, np.where(stopped, 0, velocity)], axis=1)
