"""InvertedPendulum and InvertedDoublePendulum: a cart that balances one pole, or two."""

from __future__ import annotations

from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.tasks.control.simulators.mujoco.base import MujocoRobot


class InvertedPendulum(MujocoRobot):
    """The reward is 1 in each step that ends with the pole within 0.2 rad of upright (Barto et al. 1983)."""

    replaces = "gymnasium.envs.mujoco.inverted_pendulum_v5:InvertedPendulumEnv"

    def initial(self, rng: np.random.Generator) -> tuple[Array, Array]:
        return self._uniform_start(rng, 0.01)

    def observation(self, now: Any) -> Array:
        return np.concatenate([now.qpos, now.qvel], axis=1)

    def reward(self, before: Array, now: Any, actions: Array) -> Array:
        return (~self.terminal(now)).astype(float)

    def terminal(self, now: Any) -> np.ndarray:
        return np.abs(now.qpos[:, 1]) > 0.2


class InvertedDoublePendulum(MujocoRobot):
    """The reward is 10 in each step with the tip above 1 m, minus costs of its offset and of the poles' speeds."""

    replaces = "gymnasium.envs.mujoco.inverted_double_pendulum_v5:InvertedDoublePendulumEnv"
    fields = ("site_xpos", "qfrc_constraint")

    def initial(self, rng: np.random.Generator) -> tuple[Array, Array]:
        return self._normal_start(rng, 0.1)

    def observation(self, now: Any) -> Array:
        angles, force = now.qpos[:, 1:], np.clip(now.qfrc_constraint[:, :1], -10, 10)
        return np.concatenate(
            [now.qpos[:, :1], np.sin(angles), np.cos(angles), np.clip(now.qvel, -10, 10), force], axis=1
        )

    def reward(self, before: Array, now: Any, actions: Array) -> Array:
        x, _, height = now.site_xpos[:, 0].T
        _, turn_one, turn_two = now.qvel.T
        offset = 0.01 * x**2 + (height - 2) ** 2
        return 10.0 * ~self.terminal(now) - offset - (0.001 * turn_one**2 + 0.005 * turn_two**2)

    def terminal(self, now: Any) -> np.ndarray:
        return now.site_xpos[:, 0, 2] <= 1
