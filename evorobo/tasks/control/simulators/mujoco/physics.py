"""MuJoCo's physics for many robots of one model, on as many threads as this process may use."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any, Protocol

import numpy as np

from evorobo.arrays import Array
from evorobo.processes import thread_count
from evorobo.tasks.control.simulators.mujoco.body import MujocoRobot


def has_batch() -> bool:
    """Whether the installed MuJoCo can step many robots in one call (`mujoco.batch`)."""
    return find_spec("mujoco") is not None and find_spec("mujoco.batch") is not None


class Physics(Protocol):
    """`reset` makes robots of rows of positions and speeds; `step` moves some of them; `now` are their arrays.

    The numbers are the same to the last bit for any number of threads and robots.
    """

    @property
    def capacity(self) -> int | None: ...

    def reset(self, qpos: Array, qvel: Array) -> None: ...
    def step(self, rows: np.ndarray, actions: Array) -> None: ...
    def now(self, rows: np.ndarray) -> SimpleNamespace: ...


def make_physics(body: MujocoRobot) -> Physics:
    """The quickest that has what the robot feels."""
    return ContactPhysics(body) if "cfrc_ext" in body.fields else BatchPhysics(body)


class BatchPhysics:
    """MuJoCo's own batch (`mujoco.batch`, from version 4 on): one call steps all robots."""

    capacity = None

    def __init__(self, body: MujocoRobot) -> None:
        self._body = body

    def reset(self, qpos: Array, qvel: Array) -> None:
        from mujoco import batch

        self._batch = batch.Batch(self._body.model, len(qpos), thread_count())
        self._fields = {name: self._batch.bind(name) for name in ("qpos", "qvel", *self._body.fields)}
        self._ctrl = self._batch.bind("ctrl")
        self._fields["qpos"][:], self._fields["qvel"][:] = qpos, qvel
        self._batch.forward()

    def step(self, rows: np.ndarray, actions: Array) -> None:
        self._ctrl[rows] = actions
        self._batch.step(rows, nstep=self._body.frame_skip)

    def now(self, rows: np.ndarray) -> SimpleNamespace:
        return SimpleNamespace(**{name: each[rows] for name, each in self._fields.items()})


class ContactPhysics:
    """One MjData for each robot, for the forces of contacts: MuJoCo's batch does not work them out after a step."""

    capacity = 256  # robots kept in memory, half a MB each; a task with more runs them in turns

    def __init__(self, body: MujocoRobot) -> None:
        self._body, self._names = body, ("qpos", "qvel", *body.fields)
        self._robots: list[tuple[Any, Array, list[tuple[Array, Array]]]] = []
        self._threads = thread_count()
        self._pool = ThreadPoolExecutor(self._threads)

    def reset(self, qpos: Array, qvel: Array) -> None:
        from mujoco import MjData, mj_forward, mj_resetData

        data = [each for each, _, _ in self._robots]
        data += [MjData(self._body.model) for _ in range(len(data), len(qpos))]
        self._fields = {name: np.empty((len(data), *getattr(data[0], name).shape)) for name in self._names}
        self._robots = [
            (each, each.ctrl, [(self._fields[name][row], getattr(each, name)) for name in self._names])
            for row, each in enumerate(data)
        ]
        for row in range(len(qpos)):
            mj_resetData(self._body.model, data[row])
            data[row].qpos[:], data[row].qvel[:] = qpos[row], qvel[row]
            mj_forward(self._body.model, data[row])
            self._read(row)

    def step(self, rows: np.ndarray, actions: Array) -> None:
        waiting = iter(list(zip(rows.tolist(), actions, strict=True)))  # whoever is free takes the next robot
        list(self._pool.map(self._step, [waiting] * self._threads))

    def now(self, rows: np.ndarray) -> SimpleNamespace:
        return SimpleNamespace(**{name: each[rows] for name, each in self._fields.items()})

    def _step(self, waiting: Iterator[tuple[int, Array]]) -> None:
        from mujoco import mj_rnePostConstraint, mj_step

        model, frames = self._body.model, self._body.frame_skip
        for row, action in waiting:
            data, ctrl, _ = self._robots[row]
            ctrl[:] = action
            mj_step(model, data, frames)
            mj_rnePostConstraint(model, data)
            self._read(row)

    def _read(self, row: int) -> None:
        for kept, live in self._robots[row][2]:
            kept[:] = live
