"""CartPole-v1 of gymnasium as a vectorized robot: a cart and a pole."""

from __future__ import annotations

import numpy as np

from evorobo.arrays import Array
from evorobo.tasks.control.robots.base import Robot
from evorobo.tasks.control.robots.random_streams import RandomStreams

# arrays without dimensions: for few robots NumPy is twice as fast with them as with Python's floats
GRAVITY, CART, POLE, HALF_LENGTH, STEP = map(np.array, (9.8, 1.0, 0.1, 0.5, 0.02))
MASS, POLE_MASS_LENGTH, FOUR_THIRDS = map(np.array, (POLE + CART, POLE * HALF_LENGTH, 4.0 / 3.0))
FORCES = np.array([-10.0, 10.0])
WIDEST, STEEPEST = map(np.array, (2.4, 12 * 2 * np.pi / 360))


class CartPole(Robot):
    """Physics and limits of gymnasium's `CartPoleEnv` (Barto, Sutton & Anderson 1983), explicit Euler at 50 Hz.

    The equations are evaluated in gymnasium's order, so states agree bit for bit.
    """

    replaces = "gymnasium.envs.classic_control.cartpole:CartPoleEnv"
    sensors = ("x", "x'", "angle", "angle'")
    moves = ("left", "right")
    max_steps = 500

    def initial(self, rng: RandomStreams) -> Array:
        return rng.uniform(-0.05, 0.05, 4)

    def observation(self, state: Array, rng: RandomStreams) -> Array:
        return state

    def transition(self, state: Array, action: np.ndarray, rng: RandomStreams) -> Array:
        _, x_dot, angle, angle_dot = state.T
        cos, sin = np.cos(angle), np.sin(angle)
        push = (FORCES[action] + POLE_MASS_LENGTH * np.square(angle_dot) * sin) / MASS
        angle_acc = (GRAVITY * sin - cos * push) / (HALF_LENGTH * (FOUR_THIRDS - POLE * np.square(cos) / MASS))
        x_acc = push - POLE_MASS_LENGTH * angle_acc * cos / MASS
        return state + STEP * np.array([x_dot, x_acc, angle_dot, angle_acc]).T

    def reward(self, state: Array, action: np.ndarray, next_state: Array) -> Array:
        return np.ones(len(state))

    def terminal(self, state: Array) -> np.ndarray:
        return (np.abs(state[:, 0]) > WIDEST) | (np.abs(state[:, 2]) > STEEPEST)
