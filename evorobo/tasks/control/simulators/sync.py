"""Steps environment objects one after the other; their networks still compute in one batch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import TaskError
from evorobo.tasks.control.spaces import Flatten
from evorobo.user_code import reraise_interrupt


class SyncSimulator:
    """A simulator (see `Simulator`) of environment objects, which are made on demand and used again."""

    state = None
    capacity = 64  # environment objects in memory; a task with more robots runs them in batches

    def __init__(
        self, id: str, make: Callable[[], Any], flatten: Flatten, to_env_action: Callable[[np.ndarray], Any]
    ) -> None:
        self.id = id
        self._make, self._flatten, self._to_env_action = make, flatten, to_env_action
        self._environments: list[Any] = []
        self._running = np.empty(0, int)

    def reset(self, seeds: np.ndarray, copies: int) -> Array:
        self._seeds = np.tile(seeds, copies)
        self._n_steps = 0
        while len(self._environments) < len(self._seeds):
            self._environments.append(self._make())
        self._running = np.arange(len(self._seeds))
        first = [self._call(int(row), "reset", seed=int(self._seeds[row]))[0] for row in self._running]
        return np.stack([self._flat(observation, "reset") for observation in first])

    def step(self, actions: np.ndarray) -> tuple[Array, Array, np.ndarray]:
        self._n_steps += 1
        observations, rewards, ended = [], [], []
        for row, action in zip(self._running, actions, strict=True):
            observation, reward, terminated, truncated, _ = self._call(row, "step", self._to_env_action(action))
            observations.append(self._flat(observation, "step"))
            rewards.append(self._to_number(reward))
            ended.append(bool(terminated or truncated))
        return np.stack(observations), np.array(rewards), np.array(ended)

    def keep(self, rows: np.ndarray) -> None:
        self._running = self._running[rows]

    def _to_number(self, reward: Any) -> float:
        """The reward as a number. Raises `TaskError` for None and for arrays of several numbers."""
        try:
            return float(reward.item() if isinstance(reward, np.ndarray) else reward)
        except (ValueError, TypeError) as error:
            raise TaskError(
                f"{self.id} returned the reward {reward!r} from step() at step {self._n_steps}; return one number."
            ) from error

    def _flat(self, observation: Any, method: str) -> np.ndarray:
        """A flat observation. Raises `TaskError` for one that does not fit the observation space."""
        try:
            return self._flatten(observation)
        except (ValueError, TypeError, LookupError) as error:
            raise TaskError(
                f"{self.id} returned an observation from {method}() at step {self._n_steps} that does not fit its "
                f"observation_space: {error}. Correct the observation or the space."
            ) from error

    def _call(self, row: int, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call a method of one environment; its exceptions become a `TaskError`."""
        try:
            return getattr(self._environments[row], method)(*args, **kwargs)
        except BaseException as error:
            reraise_interrupt(error)
            raise TaskError(
                f"{self.id} raised {type(error).__name__} in {method}() at step {self._n_steps} of the episode with "
                f"seed {self._seeds[row]}: {error}"
            ) from error
