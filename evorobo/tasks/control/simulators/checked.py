"""Checks the numbers of a simulator, so that a faulty environment ends a run with one clear sentence."""

from __future__ import annotations

from math import isfinite

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import TaskError
from evorobo.tasks.control.simulators.base import Simulator
from evorobo.user_code import reraise_interrupt


class CheckedSimulator:
    """A simulator that raises `TaskError` for numbers that are not finite or have the wrong shape.

    Exceptions of the environment become a `TaskError` as well. `remedy` ends the sentence about a wrong number.
    """

    def __init__(self, simulator: Simulator, id: str, n_sensors: int, remedy: str) -> None:
        self._simulator, self._id, self._n_sensors, self._remedy = simulator, id, n_sensors, remedy
        self._n_steps = 0
        self.capacity = simulator.capacity

    @property
    def state(self) -> Array | None:
        return self._simulator.state

    def reset(self, seeds: np.ndarray, copies: int) -> Array:
        self._n_steps = 0
        try:
            observations = self._simulator.reset(seeds, copies)
        except TaskError:
            raise
        except BaseException as error:
            reraise_interrupt(error)
            raise self._task_error(error) from error
        self._check("observations", observations, (len(seeds) * copies, self._n_sensors))
        return observations

    def step(self, actions: np.ndarray) -> tuple[Array, Array, np.ndarray]:
        self._n_steps += 1
        try:
            observations, rewards, ended = self._simulator.step(actions)
        except TaskError:
            raise
        except BaseException as error:
            reraise_interrupt(error)
            raise self._task_error(error) from error
        rows = (len(actions),)
        self._check("observations", observations, (*rows, self._n_sensors))
        self._check("rewards", rewards, rows)
        if np.shape(ended) != rows:
            self._check("ends of episodes", ended, rows)
        return observations, rewards, ended

    def keep(self, rows: np.ndarray) -> None:
        self._simulator.keep(rows)

    def _check(self, what: str, numbers: np.ndarray, shape: tuple[int, ...]) -> None:
        # one sum of squares is faster than a test of each number; only where it overflows are they tested one by one
        if np.shape(numbers) == shape and (isfinite(np.vdot(numbers, numbers)) or np.isfinite(numbers).all()):
            return
        wrong = f"of shape {np.shape(numbers)}, not {shape},"
        if np.shape(numbers) == shape:
            wrong = f"with {numbers[~np.isfinite(numbers)][0]}"
        raise TaskError(f"{self._id} returned {what} {wrong} at step {self._n_steps}; {self._remedy}.")

    def _task_error(self, error: BaseException) -> TaskError:
        return TaskError(
            f"{self._id} raised {type(error).__name__} at step {self._n_steps}: {error}. Fix the environment and run "
            "again; finished trials are kept."
        )
