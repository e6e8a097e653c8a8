"""Pendulum-v1 of gymnasium as a vectorized robot: a pendulum to swing up."""

from __future__ import annotations

import numpy as np

from evorobo.arrays import Array
from evorobo.tasks.control.robots.base import Robot
from evorobo.tasks.control.robots.random_streams import RandomStreams

GRAVITY, MASS, LENGTH, STEP = 10.0, 1.0, 1.0, 0.05
FASTEST = 8.0


class Pendulum(Robot):
    """Physics and costs of gymnasium's `PendulumEnv`: 1 kg on 1 m, a torque of up to 2 N m, Euler at 20 Hz.

    As in gymnasium, what depends on the torque alone is computed in single precision.
    """

    replaces = "gymnasium.envs.classic_control.pendulum:PendulumEnv"
    sensors = ("cos", "sin", "angle'")
    motors = ("torque",)
    action_limit = 2.0
    max_steps = 200

    def initial(self, rng: RandomStreams) -> Array:
        return rng.uniform([-np.pi, -1.0], [np.pi, 1.0], 2)

    def observation(self, state: Array, rng: RandomStreams) -> Array:
        angle, turn = state.T
        return np.stack([np.cos(angle), np.sin(angle), turn], axis=1)

    def transition(self, state: Array, action: np.ndarray, rng: RandomStreams) -> Array:
        angle, turn = state.T
        torque = action[:, 0].astype(np.float32)
        push = 3 * GRAVITY / (2 * LENGTH) * np.sin(angle) + 3.0 / (MASS * LENGTH**2) * torque
        turn = np.clip(turn + push * STEP, -FASTEST, FASTEST)
        return np.stack([angle + turn * STEP, turn], axis=1)

    def reward(self, state: Array, action: np.ndarray, next_state: Array) -> Array:
        angle, turn = state.T
        torque = action[:, 0].astype(np.float32)
        upright = (angle + np.pi) % (2 * np.pi) - np.pi
        return -(np.square(upright) + 0.1 * np.square(turn) + 0.001 * np.square(torque))
