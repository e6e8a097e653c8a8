"""What gymnasium's environments add to MuJoCo's physics: first states, sensors, rewards and ends of episodes."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from evorobo.arrays import Array


class MujocoRobot:
    """One of gymnasium's robots with default settings, for a MuJoCo `model` and actions held for `frame_skip` steps.

    `now` holds the arrays `qpos (rows, nq)`, `qvel (rows, nv)` and those named in `fields` (of MjData, with a row for
    each robot). All but the first two are one physics step old, as in gymnasium. `actions (rows, nu)` are in single
    precision, in which gymnasium computes their cost.
    """

    fields: ClassVar[tuple[str, ...]] = ()

    def __init__(self, model: Any, frame_skip: int) -> None:
        self.model, self.frame_skip = model, frame_skip
        self.dt = model.opt.timestep * frame_skip

    def initial(self, rng: np.random.Generator) -> tuple[Array, Array]:
        """`qpos (nq,)` and `qvel (nv,)` at the start of one episode."""
        raise NotImplementedError

    def observation(self, now: Any) -> Array:
        """The observations of all robots `(rows, k)`."""
        raise NotImplementedError

    def position(self, now: Any) -> Array:
        """The position `(rows,)` whose change is rewarded, for robots that are rewarded for speed."""
        return now.qpos[:, 0]

    def reward(self, before: Array, now: Any, actions: Array) -> Array:
        """The rewards `(rows,)` of a step; `before` is the position at its start."""
        raise NotImplementedError

    def terminal(self, now: Any) -> np.ndarray:
        """Which episodes have ended `(rows,)`; by default none before the limit of the id."""
        return np.zeros(len(now.qpos), bool)

    def speed(self, before: Array, now: Any) -> Array:
        """The speed (m/s) since the position `before`."""
        return (self.position(now) - before) / self.dt

    def _uniform_start(self, rng: np.random.Generator, limit: float) -> tuple[Array, Array]:
        """A first state that differs from the model's by uniform noise of up to `limit`."""
        qpos = self.model.qpos0 + rng.uniform(-limit, limit, self.model.nq)
        return qpos, rng.uniform(-limit, limit, self.model.nv)

    def _normal_start(self, rng: np.random.Generator, limit: float) -> tuple[Array, Array]:
        """A first state with uniform noise of up to `limit` on positions and normal noise on speeds."""
        qpos = self.model.qpos0 + rng.uniform(-limit, limit, self.model.nq)
        return qpos, limit * rng.standard_normal(self.model.nv)


def squares(values: Array) -> Array:
    """The sum of squares of each row."""
    return np.square(values).sum(axis=1)
