"""Reacher and Pusher: arms that bring their tip, or a thing, to where it should be."""

from __future__ import annotations

from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.tasks.control.simulators.mujoco.body import MujocoRobot, squares


class Reacher(MujocoRobot):
    """Two joints; pays for the distance of its tip from the target, and its squared torques."""

    replaces = "gymnasium.envs.mujoco.reacher_v5:ReacherEnv"
    fields = ("xpos",)

    def initial(self, rng: np.random.Generator) -> tuple[Array, Array]:
        qpos = rng.uniform(-0.1, 0.1, self.model.nq) + self.model.qpos0
        qpos[-2:] = _drawn(lambda: rng.uniform(-0.2, 0.2, 2), lambda distance: distance < 0.2)
        qvel = rng.uniform(-0.005, 0.005, self.model.nv)
        qvel[-2:] = 0
        return qpos, qvel

    def observation(self, now: Any) -> Array:
        angles = now.qpos[:, :2]
        return np.concatenate(
            [np.cos(angles), np.sin(angles), now.qpos[:, 2:], now.qvel[:, :2], self._off(now)[:, :2]], axis=1
        )

    def reward(self, before: Array, now: Any, actions: Array) -> Array:
        return -np.sqrt(squares(self._off(now))) - squares(actions)

    def _off(self, now: Any) -> Array:
        return now.xpos[:, self.model.body("fingertip").id] - now.xpos[:, self.model.body("target").id]


class Pusher(MujocoRobot):
    """Seven joints; pays for the distance of the object from its goal, half that from the tip, and its torques."""

    replaces = "gymnasium.envs.mujoco.pusher_v5:PusherEnv"
    fields = ("xpos",)

    def initial(self, rng: np.random.Generator) -> tuple[Array, Array]:
        qpos = self.model.qpos0.copy()

        def placed() -> Array:
            return np.array([rng.uniform(-0.3, 0), rng.uniform(-0.2, 0.2)])

        qpos[-4:-2] = _drawn(placed, lambda distance: distance > 0.17)
        qpos[-2:] = 0
        qvel = rng.uniform(-0.005, 0.005, self.model.nv)
        qvel[-4:] = 0
        return qpos, qvel

    def observation(self, now: Any) -> Array:
        return np.concatenate([now.qpos[:, :7], now.qvel[:, :7], *self._places(now)], axis=1)

    def reward(self, before: Array, now: Any, actions: Array) -> Array:
        tip, thing, goal = self._places(now)
        near, there = np.sqrt(squares(thing - tip)), np.sqrt(squares(thing - goal))
        return -there - squares(actions) * 0.1 - 0.5 * near

    def _places(self, now: Any) -> list[Array]:
        return [now.xpos[:, self.model.body(name).id] for name in ("tips_arm", "object", "goal")]


def _drawn(draw: Any, fits: Any) -> Array:
    """The first place whose distance from the origin fits."""
    while not fits(np.linalg.norm(place := draw())):
        pass
    return place
