"""Ant and Humanoid: robots in space that are rewarded for speed and observe contact forces."""

from __future__ import annotations

from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.tasks.control.simulators.mujoco.base import MujocoRobot, squares


class Ant(MujocoRobot):
    """Four legs (Schulman et al. 2015).

    The reward is 1 in each step plus the speed, minus 0.5 times the squared torques, minus 0.0005 times the squared
    contact forces, clipped to 1.
    """

    replaces = "gymnasium.envs.mujoco.ant_v5:AntEnv"
    fields = ("xpos", "cfrc_ext")

    def initial(self, rng: np.random.Generator) -> tuple[Array, Array]:
        return self._normal_start(rng, 0.1)

    def observation(self, now: Any) -> Array:
        return np.concatenate([now.qpos[:, 2:], now.qvel, _flat(_forces(now)[:, 1:])], axis=1)

    def position(self, now: Any) -> Array:
        return now.xpos[:, 1, 0]

    def reward(self, before: Array, now: Any, actions: Array) -> Array:
        costs = 0.5 * squares(actions) + 0.0005 * squares(_flat(_forces(now)))
        return self.speed(before, now) + ~self.terminal(now) - costs

    def terminal(self, now: Any) -> np.ndarray:
        return ~((now.qpos[:, 2] >= 0.2) & (now.qpos[:, 2] <= 1.0))


class Humanoid(MujocoRobot):
    """Two legs and two arms (Tassa, Erez & Todorov 2012).

    The reward is 5 in each upright step plus 1.25 times the speed, minus 0.1 times the squared torques, minus 5e-7
    times the squared contact forces, at most 10.
    """

    replaces = "gymnasium.envs.mujoco.humanoid_v5:HumanoidEnv"
    fields = ("xipos", "cinert", "cvel", "qfrc_actuator", "cfrc_ext")

    def initial(self, rng: np.random.Generator) -> tuple[Array, Array]:
        return self._uniform_start(rng, 0.01)

    def observation(self, now: Any) -> Array:
        spatial = [_flat(field[:, 1:]) for field in (now.cinert, now.cvel)]
        forces = [now.qfrc_actuator[:, 6:], _flat(now.cfrc_ext[:, 1:])]
        return np.concatenate([now.qpos[:, 2:], now.qvel, *spatial, *forces], axis=1)

    def position(self, now: Any) -> Array:
        mass = self.model.body_mass
        return np.einsum("b,rb->r", mass, now.xipos[:, :, 0]) / mass.sum()

    def reward(self, before: Array, now: Any, actions: Array) -> Array:
        contacts = np.minimum(5e-7 * squares(_flat(now.cfrc_ext)), 10.0)
        costs = 0.1 * squares(actions.astype(float)) + contacts
        return 1.25 * self.speed(before, now) + 5.0 * ~self.terminal(now) - costs

    def terminal(self, now: Any) -> np.ndarray:
        return ~((now.qpos[:, 2] > 1.0) & (now.qpos[:, 2] < 2.0))


def _forces(now: Any) -> Array:
    return np.clip(now.cfrc_ext, -1.0, 1.0)


def _flat(values: Array) -> Array:
    return values.reshape(len(values), -1)
