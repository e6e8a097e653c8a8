"""Acrobot-v1 of gymnasium as a vectorized robot: two links to swing up."""

from __future__ import annotations

import numpy as np

from evorobo.arrays import Array
from evorobo.tasks.control.robots.base import Robot
from evorobo.tasks.control.robots.random_streams import RandomStreams
from evorobo.tasks.control.robots.runge_kutta import rk4

MASS, LENGTH, MIDDLE, INERTIA, GRAVITY, STEP = 1.0, 1.0, 0.5, 1.0, 9.8, 0.2  # of each link, in kg, m, kg m^2, s
TORQUES = np.array([-1.0, 0.0, 1.0])
FASTEST = np.array([4 * np.pi, 9 * np.pi])
LEVER = MASS * LENGTH * MIDDLE
WEIGHT = (MASS * MIDDLE + MASS * LENGTH) * GRAVITY


class Acrobot(Robot):
    """Physics of gymnasium's `AcrobotEnv` (Sutton 1996), as in Sutton & Barto's book; Runge-Kutta at 5 Hz.

    The equations are evaluated in gymnasium's order. The first state is in single precision, all others in double.
    """

    replaces = "gymnasium.envs.classic_control.acrobot:AcrobotEnv"
    sensors = ("cos 1", "sin 1", "cos 2", "sin 2", "angle 1'", "angle 2'")
    moves = ("torque -1", "torque 0", "torque 1")
    max_steps = 500

    def initial(self, rng: RandomStreams) -> Array:
        return rng.uniform(-0.1, 0.1, 4).astype(np.float32)

    def observation(self, state: Array, rng: RandomStreams) -> Array:
        one, two = state[:, 0], state[:, 1]
        return np.stack([np.cos(one), np.sin(one), np.cos(two), np.sin(two), *state[:, 2:].T], axis=1)

    def transition(self, state: Array, action: np.ndarray, rng: RandomStreams) -> Array:
        torque = TORQUES[action]
        after = rk4(lambda now: _rates(now, torque), state.T.astype(float), STEP)
        return np.concatenate([_wrapped(after[:2]), np.clip(after[2:], -FASTEST[:, None], FASTEST[:, None])]).T

    def reward(self, state: Array, action: np.ndarray, next_state: Array) -> Array:
        return np.where(self.terminal(next_state), 0.0, -1.0)

    def terminal(self, state: Array) -> np.ndarray:
        one, two = state[:, 0], state[:, 1]
        return -np.cos(one) - np.cos(two + one) > 1.0


def _rates(state: Array, torque: Array) -> Array:
    one, two, turn_one, turn_two = state
    cos, sin = np.cos(two), np.sin(two)
    d1 = MASS * MIDDLE**2 + MASS * (LENGTH**2 + MIDDLE**2 + 2 * LENGTH * MIDDLE * cos) + INERTIA + INERTIA
    d2 = MASS * (MIDDLE**2 + LENGTH * MIDDLE * cos) + INERTIA
    phi2 = MASS * MIDDLE * GRAVITY * np.cos(one + two - np.pi / 2)
    swing = -LEVER * np.square(turn_two) * sin - 2 * LEVER * turn_two * turn_one * sin
    phi1 = swing + WEIGHT * np.cos(one - np.pi / 2) + phi2
    push = torque + d2 / d1 * phi1 - LEVER * np.square(turn_one) * sin - phi2
    turn_two_rate = push / (MASS * MIDDLE**2 + INERTIA - np.square(d2) / d1)
    return np.stack([turn_one, turn_two, -(d2 * turn_two_rate + phi1) / d1, turn_two_rate])


def _wrapped(angles: Array) -> Array:
    """Angles within [-pi, pi]; a step turns by less than a circle, so one correction is enough."""
    angles = np.where(angles > np.pi, angles - 2 * np.pi, angles)
    return np.where(angles < -np.pi, angles + 2 * np.pi, angles)
