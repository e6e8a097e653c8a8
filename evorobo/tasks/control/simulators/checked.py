"""Checks the numbers of a simulator, so that a faulty environment ends a run with one clear sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import isfinite

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import TaskError
from evorobo.tasks.control.simulators.base import Simulator
from evorobo.user_code import reraise_interrupt


class NumberChecks:
    """Raises `TaskError` for numbers that are not finite or have the wrong shape, and for exceptions.

    `remedy` ends the sentence about a wrong number. `n_steps` is the number of the step that the sentence names.
    """

    def __init__(self, id: str, n_sensors: int, remedy: str) -> None:
        self._id, self._n_sensors, self._remedy = id, n_sensors, remedy
        self.n_steps = 0

    @contextmanager
    def explain(self) -> Iterator[None]:
        """Turn exceptions of the environment into a `TaskError`."""
        try:
            yield
        except TaskError:
            raise
        except BaseException as error:
            reraise_interrupt(error)
            raise TaskError(
                f"{self._id} raised {type(error).__name__} at step {self.n_steps}: {error}. Fix the environment and "
                "run again; finished trials are kept."
            ) from error

    def check_observations(self, observations: Array, rows: int) -> None:
        self._check("observations", observations, (rows, self._n_sensors))

    def check_step(self, observations: Array, rewards: Array, ended: np.ndarray, rows: int) -> None:
        self._check("observations", observations, (rows, self._n_sensors))
        self._check("rewards", rewards, (rows,))
        if np.shape(ended) != (rows,):
            self._check("ends of episodes", ended, (rows,))

    def _check(self, what: str, numbers: np.ndarray, shape: tuple[int, ...]) -> None:
        # one sum of squares is faster than a test of each number; only where it overflows are they tested one by one
        if np.shape(numbers) == shape and (isfinite(np.vdot(numbers, numbers)) or np.isfinite(numbers).all()):
            return
        wrong = f"of shape {np.shape(numbers)}, not {shape},"
        if np.shape(numbers) == shape:
            wrong = f"with {numbers[~np.isfinite(numbers)][0]}"
        raise TaskError(f"{self._id} returned {what} {wrong} at step {self.n_steps}; {self._remedy}.")


class CheckedSimulator:
    """A simulator that raises `TaskError` for numbers that are not finite or have the wrong shape."""

    def __init__(self, simulator: Simulator, checks: NumberChecks) -> None:
        self._simulator, self._checks = simulator, checks
        self.capacity = simulator.capacity

    @property
    def state(self) -> Array | None:
        return self._simulator.state

    def reset(self, seeds: np.ndarray, copies: int) -> Array:
        self._checks.n_steps = 0
        with self._checks.explain():
            observations = self._simulator.reset(seeds, copies)
        self._checks.check_observations(observations, len(seeds) * copies)
        return observations

    def step(self, actions: np.ndarray) -> tuple[Array, Array, np.ndarray]:
        self._checks.n_steps += 1
        with self._checks.explain():
            observations, rewards, ended = self._simulator.step(actions)
        self._checks.check_step(observations, rewards, ended, len(actions))
        return observations, rewards, ended

    def keep(self, rows: np.ndarray) -> None:
        self._simulator.keep(rows)
