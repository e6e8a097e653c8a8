"""Vectorized robots in rows whose episodes begin and end at different times."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from evorobo.arrays import Array
from evorobo.tasks.control.robots.base import Robot
from evorobo.tasks.control.robots.random_streams import RandomStream, RandomStreams


class RobotStep(NamedTuple):
    """Observations `(rows, k)`, rewards `(rows,)` and `terminated (rows,)` of one step."""

    observations: Array
    rewards: Array
    terminated: np.ndarray


class RobotRows:
    """`n_rows` robots of one kind; each draws random numbers of its own, and behaves exactly as a robot alone.

    First states may have another type of number than later ones, for example whole numbers. Each row computes with the
    type of its own state; rows of one type compute in one batch.
    """

    def __init__(self, robot: Robot, n_rows: int) -> None:
        self.robot, self._n_rows = robot, n_rows
        self._streams: list[RandomStream] = []
        self._states: Array = np.empty((n_rows, 0))
        self._types = np.empty(n_rows, object)

    def restart(self, rows: np.ndarray, generators: Sequence[np.random.Generator]) -> Array:
        """Begin an episode in each of these rows, and return the first observations `(len(rows), k)`."""
        self._streams = self._streams or [RandomStream(generators[0])] * self._n_rows  # the first call has all rows
        for row, generator in zip(rows, generators, strict=True):
            self._streams[row] = RandomStream(generator)
        streams = self._streams_of(rows)
        states = self.robot.initial(streams)
        self._set_states(rows, states)
        return self.robot.observation(states, streams)

    def step(self, rows: np.ndarray, actions: np.ndarray) -> RobotStep:
        """Step these rows by `actions (len(rows), ...)`, which are within their limits."""
        types = self._types[rows].tolist()
        kinds = list(dict.fromkeys(types))
        if len(kinds) == 1:
            return self._step_together(rows, actions)
        step = RobotStep(np.empty((len(rows), len(self.robot.sensors))), np.empty(len(rows)), np.empty(len(rows), bool))
        for kind in kinds:
            group = np.flatnonzero([each == kind for each in types])
            for whole, part in zip(step, self._step_together(rows[group], actions[group]), strict=True):
                whole[group] = part
        return step

    def _step_together(self, rows: np.ndarray, actions: np.ndarray) -> RobotStep:
        """Step rows whose states have one type."""
        streams, before = self._streams_of(rows), self._states[rows].astype(self._types[rows[0]], copy=False)
        after = self.robot.transition(before, actions, streams)
        rewards = self.robot.reward(before, actions, after)
        terminated = np.asarray(self.robot.terminal(after), bool)
        self._set_states(rows, after)
        return RobotStep(self.robot.observation(after, streams), rewards, terminated)

    def _streams_of(self, rows: np.ndarray) -> RandomStreams:
        return RandomStreams([self._streams[row] for row in rows], np.arange(len(rows)))

    def _set_states(self, rows: np.ndarray, states: Array) -> None:
        if len(rows) == self._n_rows:
            self._states = np.empty(states.shape, states.dtype)
        self._states = self._states.astype(np.result_type(self._states, states), copy=False)
        self._states[rows] = states
        self._types[rows] = states.dtype
