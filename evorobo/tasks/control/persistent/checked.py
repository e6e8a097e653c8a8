"""Checks the numbers of environments in rows, so that a faulty one ends a run with one clear sentence."""

from __future__ import annotations

import numpy as np

from evorobo.arrays import Array
from evorobo.tasks.control.persistent.base import EnvRows, RowStep
from evorobo.tasks.control.simulators.checked import NumberChecks


class CheckedEnvRows:
    """Rows (see `EnvRows`) that raise `TaskError` for numbers that are not finite or have the wrong shape."""

    def __init__(self, rows: EnvRows, checks: NumberChecks) -> None:
        self._rows, self._checks = rows, checks

    def restart(self, rows: np.ndarray, seeds: np.ndarray) -> Array:
        with self._checks.explain():
            observations = self._rows.restart(rows, seeds)
        self._checks.check_observations(observations, len(rows))
        return observations

    def step(self, actions: np.ndarray) -> RowStep:
        self._checks.n_steps += 1
        with self._checks.explain():
            step = self._rows.step(actions)
        self._checks.check_step(step.observations, step.rewards, step.terminated, len(actions))
        return step
