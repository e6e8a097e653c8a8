"""What gymnasium's environments add to MuJoCo's physics, on rows: beginnings, sensors, rewards and ends."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from evorobo.arrays import Array


class MujocoRobot:
    """One of gymnasium's robots as it comes, for a MuJoCo `model` whose actions are held for `frames` of its steps.

    `now` has the arrays `qpos (rows, nq)`, `qvel (rows, nv)` and those named in `fields` (MjData's, with rows in
    front) as attributes; all but the first two are one physics step old, as gymnasium leaves them. `actions
    (rows, nu)` are in single precision, in which gymnasium works out what they cost.
    """

    fields: ClassVar[tuple[str, ...]] = ()

    def __init__(self, model: Any, frames: int) -> None:
        self.model, self.frame_skip = model, frames
        self.dt = model.opt.timestep * frames

    def initial(self, rng: np.random.Generator) -> tuple[Array, Array]:
        """`qpos (nq,)` and `qvel (nv,)` at the beginning of one episode."""
        raise NotImplementedError

    def observation(self, now: Any) -> Array:
        """What each robot senses."""
        raise NotImplementedError

    def position(self, now: Any) -> Array:
        """Where each robot is `(rows,)`, if it earns by moving on."""
        return now.qpos[:, 0]

    def reward(self, before: Array, now: Any, actions: Array) -> Array:
        """What the step earned `(rows,)`; `before` is the place where it began."""
        raise NotImplementedError

    def terminal(self, now: Any) -> np.ndarray:
        """Which episodes are over `(rows,)`; by default none before the id's limit."""
        return np.zeros(len(now.qpos), bool)

    def speed(self, before: Array, now: Any) -> Array:
        """m/s from the place `before` to that of now."""
        return (self.position(now) - before) / self.dt

    def _even(self, rng: np.random.Generator, most: float) -> tuple[Array, Array]:
        """Positions and speeds that differ from the model's by up to `most`."""
        qpos = self.model.qpos0 + rng.uniform(-most, most, self.model.nq)
        return qpos, rng.uniform(-most, most, self.model.nv)

    def _shaken(self, rng: np.random.Generator, most: float) -> tuple[Array, Array]:
        """Positions that differ by up to `most`, speeds by a normal distribution of that deviation."""
        qpos = self.model.qpos0 + rng.uniform(-most, most, self.model.nq)
        return qpos, most * rng.standard_normal(self.model.nv)


def squares(values: Array) -> Array:
    """The sum of squares of each row."""
    return np.square(values).sum(axis=1)
