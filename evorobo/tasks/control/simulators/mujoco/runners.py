"""HalfCheetah, Swimmer, Hopper and Walker2d: planar robots that are rewarded for speed."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from evorobo.arrays import Array
from evorobo.tasks.control.simulators.mujoco.base import MujocoRobot, squares


class HalfCheetah(MujocoRobot):
    """The reward is the speed, minus 0.1 times the squared torques (Wawrzynski 2009)."""

    replaces = "gymnasium.envs.mujoco.half_cheetah_v5:HalfCheetahEnv"

    def initial(self, rng: np.random.Generator) -> tuple[Array, Array]:
        return self._normal_start(rng, 0.1)

    def observation(self, now: Any) -> Array:
        return np.concatenate([now.qpos[:, 1:], now.qvel], axis=1)

    def reward(self, before: Array, now: Any, actions: Array) -> Array:
        return self.speed(before, now) - 0.1 * squares(actions)


class Swimmer(MujocoRobot):
    """Three links in a viscous fluid; the reward is the speed, minus 0.0001 times the squared torques (Coulom 2002)."""

    replaces = "gymnasium.envs.mujoco.swimmer_v5:SwimmerEnv"

    def initial(self, rng: np.random.Generator) -> tuple[Array, Array]:
        return self._uniform_start(rng, 0.1)

    def observation(self, now: Any) -> Array:
        return np.concatenate([now.qpos[:, 2:], now.qvel], axis=1)

    def reward(self, before: Array, now: Any, actions: Array) -> Array:
        return self.speed(before, now) - 1e-4 * squares(actions)


class Walker2d(MujocoRobot):
    """Two legs (Erez et al. 2011).

    The reward is 1 in each upright step plus the speed, minus 0.001 times the squared torques.
    """

    replaces = "gymnasium.envs.mujoco.walker2d_v5:Walker2dEnv"
    heights: ClassVar[tuple[float, float]] = (0.8, 2.0)
    leans: ClassVar[tuple[float, float]] = (-1.0, 1.0)

    def initial(self, rng: np.random.Generator) -> tuple[Array, Array]:
        return self._uniform_start(rng, 0.005)

    def observation(self, now: Any) -> Array:
        return np.concatenate([now.qpos[:, 1:], np.clip(now.qvel, -10, 10)], axis=1)

    def reward(self, before: Array, now: Any, actions: Array) -> Array:
        return self.speed(before, now) + ~self.terminal(now) - 0.001 * squares(actions)

    def terminal(self, now: Any) -> np.ndarray:
        (min_height, max_height), (back, front) = self.heights, self.leans
        height, lean = now.qpos[:, 1], now.qpos[:, 2]
        return ~((min_height < height) & (height < max_height) & (back < lean) & (lean < front))


class Hopper(Walker2d):
    """One leg; as the walker, with narrower limits of posture and speeds (Erez et al. 2011)."""

    replaces = "gymnasium.envs.mujoco.hopper_v5:HopperEnv"
    heights = (0.7, np.inf)
    leans = (-0.2, 0.2)

    def terminal(self, now: Any) -> np.ndarray:
        too_fast = np.maximum(np.abs(now.qpos[:, 2:]).max(1), np.abs(now.qvel).max(1)) >= 100
        return super().terminal(now) | too_fast
