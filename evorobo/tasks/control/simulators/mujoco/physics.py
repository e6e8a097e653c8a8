"""MuJoCo's physics for many robots of one model, on all threads that this process may use."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any, Protocol

import numpy as np

from evorobo.arrays import Array
from evorobo.processes import thread_count
from evorobo.tasks.control.simulators.mujoco.base import MujocoRobot


def has_batch() -> bool:
    """Whether the installed MuJoCo can step many robots in one call (`mujoco.batch`)."""
    return find_spec("mujoco") is not None and find_spec("mujoco.batch") is not None


class Physics(Protocol):
    """The physics of many robots; results do not depend on the number of threads or robots, bit for bit.

    `allocate` makes robots; `restart` starts some of them at a row of positions and speeds each; `step` steps some of
    them; `now` returns their arrays.
    """

    @property
    def capacity(self) -> int | None: ...

    def allocate(self, n_rows: int) -> None: ...
    def restart(self, rows: np.ndarray, qpos: Array, qvel: Array) -> None: ...
    def step(self, rows: np.ndarray, actions: Array) -> None: ...
    def now(self, rows: np.ndarray) -> SimpleNamespace: ...


def make_physics(robot: MujocoRobot) -> Physics:
    """The fastest physics that computes all fields of the robot."""
    return ContactPhysics(robot) if "cfrc_ext" in robot.fields else BatchPhysics(robot)


class BatchPhysics:
    """MuJoCo's own batch (`mujoco.batch`, from version 4 on): one call steps all robots."""

    capacity = None

    def __init__(self, robot: MujocoRobot) -> None:
        self._robot = robot

    def allocate(self, n_rows: int) -> None:
        from mujoco import batch

        self._batch = batch.Batch(self._robot.model, n_rows, thread_count())
        self._fields = {name: self._batch.bind(name) for name in ("qpos", "qvel", *self._robot.fields)}
        self._ctrl = self._batch.bind("ctrl")

    def restart(self, rows: np.ndarray, qpos: Array, qvel: Array) -> None:
        from mujoco import mjtStage

        self._batch.reset(rows, stage=mjtStage.mjSTAGE_NONE)
        self._fields["qpos"][rows], self._fields["qvel"][rows] = qpos, qvel
        self._batch.forward(rows)

    def step(self, rows: np.ndarray, actions: Array) -> None:
        self._ctrl[rows] = actions
        self._batch.step(rows, nstep=self._robot.frame_skip)

    def now(self, rows: np.ndarray) -> SimpleNamespace:
        return SimpleNamespace(**{name: field[rows] for name, field in self._fields.items()})


class ContactPhysics:
    """One MjData for each robot, for contact forces, which MuJoCo's batch does not compute after a step."""

    capacity = 256  # robots in memory, half a MB each; a task with more robots runs them in batches

    def __init__(self, robot: MujocoRobot) -> None:
        self._robot, self._names = robot, ("qpos", "qvel", *robot.fields)
        self._data: list[tuple[Any, Array, list[tuple[Array, Array]]]] = []
        self._threads = thread_count()
        self._pool = ThreadPoolExecutor(self._threads)

    def allocate(self, n_rows: int) -> None:
        from mujoco import MjData

        data = [one for one, _, _ in self._data]
        data += [MjData(self._robot.model) for _ in range(len(data), n_rows)]
        self._fields = {name: np.empty((len(data), *getattr(data[0], name).shape)) for name in self._names}
        self._data = [
            (one, one.ctrl, [(self._fields[name][row], getattr(one, name)) for name in self._names])
            for row, one in enumerate(data)
        ]

    def restart(self, rows: np.ndarray, qpos: Array, qvel: Array) -> None:
        from mujoco import mj_forward, mj_resetData

        for at, row in enumerate(rows.tolist()):
            data, _, _ = self._data[row]
            mj_resetData(self._robot.model, data)
            data.qpos[:], data.qvel[:] = qpos[at], qvel[at]
            mj_forward(self._robot.model, data)
            self._copy_fields(row)

    def step(self, rows: np.ndarray, actions: Array) -> None:
        waiting = iter(list(zip(rows.tolist(), actions, strict=True)))  # each free thread takes the next robot
        list(self._pool.map(self._step, [waiting] * self._threads))

    def now(self, rows: np.ndarray) -> SimpleNamespace:
        return SimpleNamespace(**{name: field[rows] for name, field in self._fields.items()})

    def _step(self, waiting: Iterator[tuple[int, Array]]) -> None:
        from mujoco import mj_rnePostConstraint, mj_step

        model, frames = self._robot.model, self._robot.frame_skip
        for row, action in waiting:
            data, ctrl, _ = self._data[row]
            ctrl[:] = action
            mj_step(model, data, frames)
            mj_rnePostConstraint(model, data)
            self._copy_fields(row)

    def _copy_fields(self, row: int) -> None:
        for copy, live in self._data[row][2]:
            copy[:] = live
