"""Rows of a vectorized robot that step as machine code."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from evorobo.arrays import Array
from evorobo.machine_code.compiling import compile_kernel, kernel_source
from evorobo.nets.compiled import choices
from evorobo.tasks.control.compiled import rows_kernel
from evorobo.tasks.control.compiled.tracing import trace_robot
from evorobo.tasks.control.persistent.base import RowStep
from evorobo.tasks.control.robots.base import Robot, clip_action
from evorobo.tasks.control.robots.random_streams import RandomStream, RandomStreams
from evorobo.tasks.control.simulators.base import make_generator


class CompiledEnvRows:
    """Rows (see `EnvRows`) of a `Robot`, whose numbers differ from those of NumPy by rounding.

    Each row is computed alone in one order. Raises `TaskError` for a robot that cannot be compiled.
    """

    def __init__(self, robot: Robot, n_rows: int) -> None:
        self._robot, self._n_rows = robot, n_rows
        n_states = robot.initial(RandomStreams.for_one(np.random.default_rng(0))).shape[1]
        step = trace_robot(robot, n_states)
        self._draws, self._kept = step.draws, np.zeros(step.n_kept)
        source = kernel_source([Path(str(module.__file__)) for module in (choices, rows_kernel)], step.text)
        self._kernel = compile_kernel(source, rows_kernel.step_rows.__name__)
        self._streams: list[RandomStream] = [RandomStream(np.random.default_rng(0))] * n_rows
        self._states = np.empty((n_rows, n_states))

    def restart(self, rows: np.ndarray, seeds: np.ndarray) -> Array:
        for row, seed in zip(rows, seeds, strict=True):
            self._streams[row] = RandomStream(make_generator(seed))
        streams = RandomStreams([self._streams[row] for row in rows], np.arange(len(rows)))
        states = self._robot.initial(streams)
        self._states[rows] = states
        return self._robot.observation(states, streams).astype(np.float32)

    def step(self, actions: np.ndarray) -> RowStep:
        n, clipped = self._n_rows, clip_action(self._robot, actions)
        moves = clipped if self._robot.moves else np.zeros(n, np.int64)
        motors = np.zeros((n, 1)) if self._robot.moves else clipped
        draws = np.zeros((n, 1))
        if self._draws:
            draws = np.array([np.concatenate([one.next(*draw) for draw in self._draws]) for one in self._streams])
        sensors = np.empty((n, len(self._robot.sensors)), np.float32)
        rewards, terminated = np.empty(n), np.empty(n, bool)
        self._kernel(self._states, motors, moves, draws, sensors, rewards, terminated, self._kept)
        return RowStep(sensors, rewards, terminated, np.zeros(n, bool))
