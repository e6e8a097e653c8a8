"""Reacher and Pusher: arms that move their tip, or an object, to a goal."""

from __future__ import annotations

from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.tasks.control.simulators.mujoco.base import MujocoRobot, squares


class Reacher(MujocoRobot):
    """Two joints; the reward is minus the distance of the tip from the target, minus the squared torques."""

    replaces = "gymnasium.envs.mujoco.reacher_v5:ReacherEnv"
    fields = ("xpos",)

    def initial(self, rng: np.random.Generator) -> tuple[Array, Array]:
        qpos = rng.uniform(-0.1, 0.1, self.model.nq) + self.model.qpos0
        qpos[-2:] = _draw_point(lambda: rng.uniform(-0.2, 0.2, 2), lambda distance: distance < 0.2)
        qvel = rng.uniform(-0.005, 0.005, self.model.nv)
        qvel[-2:] = 0
        return qpos, qvel

    def observation(self, now: Any) -> Array:
        angles = now.qpos[:, :2]
        return np.concatenate(
            [np.cos(angles), np.sin(angles), now.qpos[:, 2:], now.qvel[:, :2], self._error(now)[:, :2]], axis=1
        )

    def reward(self, before: Array, now: Any, actions: Array) -> Array:
        return -np.sqrt(squares(self._error(now))) - squares(actions)

    def _error(self, now: Any) -> Array:
        return now.xpos[:, self.model.body("fingertip").id] - now.xpos[:, self.model.body("target").id]


class Pusher(MujocoRobot):
    """Seven joints that push an object to a goal.

    The reward is minus the distance of the object from the goal, minus half its distance from the tip, minus 0.1 times
    the squared torques.
    """

    replaces = "gymnasium.envs.mujoco.pusher_v5:PusherEnv"
    fields = ("xpos",)

    def initial(self, rng: np.random.Generator) -> tuple[Array, Array]:
        qpos = self.model.qpos0.copy()

        def draw() -> Array:
            return np.array([rng.uniform(-0.3, 0), rng.uniform(-0.2, 0.2)])

        qpos[-4:-2] = _draw_point(draw, lambda distance: distance > 0.17)
        qpos[-2:] = 0
        qvel = rng.uniform(-0.005, 0.005, self.model.nv)
        qvel[-4:] = 0
        return qpos, qvel

    def observation(self, now: Any) -> Array:
        return np.concatenate([now.qpos[:, :7], now.qvel[:, :7], *self._points(now)], axis=1)

    def reward(self, before: Array, now: Any, actions: Array) -> Array:
        tip, thing, goal = self._points(now)
        to_tip, to_goal = np.sqrt(squares(thing - tip)), np.sqrt(squares(thing - goal))
        return -to_goal - squares(actions) * 0.1 - 0.5 * to_tip

    def _points(self, now: Any) -> list[Array]:
        return [now.xpos[:, self.model.body(name).id] for name in ("tips_arm", "object", "goal")]


def _draw_point(draw: Any, fits: Any) -> Array:
    """The first point whose distance from the origin fits."""
    while not fits(np.linalg.norm(point := draw())):
        pass
    return point
