"""Windows of steps over environments in rows: clocks, seeds, restarts, and a state from which they continue."""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import TaskError
from evorobo.tasks.control.persistent.base import EnvRows
from evorobo.tasks.control.persistent.checked import CheckedEnvRows
from evorobo.tasks.control.rollout import TRAIN, VALIDATION
from evorobo.tasks.control.simulators.base import EnvSpec
from evorobo.tasks.control.simulators.lookup import RobotEnvSpec
from evorobo.tasks.rollout_envs import Transition


class PersistentEnvs:
    """n environments whose episodes go on from window to window; a row that ends restarts alone, from a new seed.

    The caller gives the actions and the generator of the seeds. `observations (n, k)`, in double precision, are those
    to act on next, `clock (n,)` are the steps of the running episodes, `seeds (n,)` their seeds. An episode is
    truncated after `max_steps`.

    `state` holds the seeds of the running episodes and their actions, and `restore` runs these again. So every kind of
    environment continues bit for bit, also one whose inner state cannot be saved.
    """

    def __init__(self, rows: EnvRows, n_rows: int, max_steps: int, id: str) -> None:
        self._rows, self.n_rows, self._max_steps, self._id = rows, n_rows, max_steps, id
        self.clock, self.seeds = np.zeros(n_rows, int), np.zeros(n_rows, np.int64)
        self.observations: Array = np.empty((n_rows, 0))
        self._actions: deque[np.ndarray] = deque()

    def reset(self, rng: np.random.Generator) -> Array:
        """Begin new episodes in all rows, and return the first observations."""
        self._actions.clear()
        self._restart(np.arange(self.n_rows), rng.integers(TRAIN, VALIDATION, self.n_rows))
        return self.observations

    def step(self, actions: np.ndarray, rng: np.random.Generator) -> Transition:
        """Step all rows, and restart those that have ended; `rng` draws a seed for each of them, in their order."""
        self._actions.append(np.array(actions))
        step = self._rows.step(actions)
        self.clock = self.clock + 1
        last = np.array(step.observations, float)
        truncated = step.truncated | (self.clock >= self._max_steps)
        transition = Transition(last, np.asarray(step.rewards, float), step.terminated, truncated)
        self.observations = last
        if transition.ended.any():
            ended = np.flatnonzero(transition.ended)
            self._restart(ended, rng.integers(TRAIN, VALIDATION, len(ended)))
        while len(self._actions) > self.clock.max():
            self._actions.popleft()
        return transition

    def state(self) -> dict[str, Any]:
        """The running episodes as arrays; it is empty before `reset`."""
        if not self.observations.size:
            return {}
        actions = np.stack(self._actions) if self._actions else np.empty(0)
        return {
            "seeds": self.seeds.copy(),
            "clock": self.clock.copy(),
            "actions": actions,
            "observations": self.observations,
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Run the episodes of a state again up to its observations.

        Raises `TaskError` where an environment does not repeat itself.
        """
        if not state:
            return
        clock, actions = np.array(state["clock"], int), list(state["actions"])
        starts = len(actions) - clock
        self._restart(np.arange(self.n_rows), np.asarray(state["seeds"], np.int64))
        longest = clock.argmax()
        for now, action in enumerate(actions):
            # a row that begins later steps along with actions that do not matter
            idle = starts > now
            step = self._rows.step(np.where(_like(idle, action), action[longest], action))
            self.observations = np.array(step.observations, float)
            again = np.flatnonzero((idle & (step.terminated | step.truncated)) | (starts == now + 1))
            if len(again):
                self._restart(again, np.asarray(state["seeds"], np.int64)[again])
        self.clock, self._actions = clock, deque(actions)
        if not np.array_equal(self.observations, state["observations"]):
            raise TaskError(
                f"{self._id} does not repeat itself: the same seed and actions gave other observations, so that a run "
                "cannot be continued; draw random numbers from the generator of reset(seed=...) only."
            )

    def _restart(self, rows: np.ndarray, seeds: np.ndarray) -> None:
        first = np.asarray(self._rows.restart(rows, seeds), float)
        if len(rows) == self.n_rows:
            self.observations = first.copy()
        else:
            self.observations = self.observations.copy()  # the transition keeps the last observations
            self.observations[rows] = first
        self.clock[rows], self.seeds[rows] = 0, seeds


def _like(rows: np.ndarray, actions: np.ndarray) -> np.ndarray:
    """A mask of rows in the shape of actions `(rows, ...)`."""
    return rows.reshape(-1, *[1] * (actions.ndim - 1))


def make_persistent_envs(env_spec: EnvSpec, n_rows: int, *, compiled: bool = False) -> PersistentEnvs:
    """Environments of any kind in rows. Raises `TaskError` where compiled ones are asked for and cannot be made."""
    if compiled and isinstance(env_spec, RobotEnvSpec):
        from evorobo.tasks.control.compiled.rows import CompiledEnvRows

        rows: EnvRows = CheckedEnvRows(CompiledEnvRows(env_spec.robot, n_rows), env_spec.checks())
    elif compiled:
        raise TaskError(f"{env_spec.id} runs code that cannot be compiled; leave compiled=True out.")
    else:
        rows = env_spec.rows(n_rows)
    assert env_spec.max_steps is not None  # or no environment is made
    return PersistentEnvs(rows, n_rows, env_spec.max_steps, env_spec.id)
