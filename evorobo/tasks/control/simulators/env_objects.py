"""Environment objects of gymnasium, with flat observations, and errors that name seed and step."""

from __future__ import annotations

from collections.abc import Callable
from types import NoneType
from typing import Any

import numpy as np

from evorobo.errors import TaskError
from evorobo.tasks.control.spaces import Flatten
from evorobo.user_code import reraise_interrupt


class EnvObjects:
    """Environments by number, which are made on demand and used again.

    They are `made_anew` for each episode where a reset leaves something of the episode before.
    """

    def __init__(
        self,
        id: str,
        make: Callable[[], Any],
        flatten: Flatten,
        to_env_action: Callable[[np.ndarray], Any],
        made_anew: bool = False,
    ) -> None:
        self._id, self._made_anew = id, made_anew
        self._make, self._flatten, self._to_env_action = make, flatten, to_env_action
        self._environments: list[Any] = []
        self._seeds: list[int] = []
        self._n_steps: list[int] = []

    def reset(self, number: int, seed: int) -> np.ndarray:
        """Begin the episode of a seed; return the first flat observation."""
        while len(self._environments) <= number:
            self._environments.append(self._make())
            self._seeds.append(0)
            self._n_steps.append(0)
        if self._made_anew:
            self._environments[number].close()
            self._environments[number] = self._make()
        self._seeds[number], self._n_steps[number] = seed, 0
        result = self._call(number, "reset", seed=seed)
        if not is_reset_result(result):
            raise TaskError(f"{self._id} returned a {type(result).__name__} from reset(); {RESET_RESULT}.")
        return self._flat(number, result[0], "reset")

    def step(self, number: int, action: np.ndarray) -> tuple[np.ndarray, float, bool, bool]:
        """Step one environment; return the flat observation, the reward, and whether it terminated or was truncated."""
        self._n_steps[number] += 1
        observation, reward, terminated, truncated, _ = self._call(number, "step", self._to_env_action(action))
        flat = self._flat(number, observation, "step")
        return flat, self._to_number(number, reward), bool(terminated), bool(truncated)

    def _to_number(self, number: int, reward: Any) -> float:
        """The reward as a number. Raises `TaskError` for None and for arrays of several numbers."""
        try:
            return float(reward.item() if isinstance(reward, np.ndarray) else reward)
        except (ValueError, TypeError) as error:
            raise TaskError(
                f"{self._id} returned the reward {reward!r} from step() at step {self._n_steps[number]}; return one "
                "number."
            ) from error

    def _flat(self, number: int, observation: Any, method: str) -> np.ndarray:
        """A flat observation. Raises `TaskError` for one that does not fit the observation space."""
        try:
            return self._flatten(observation)
        except (ValueError, TypeError, LookupError) as error:
            raise TaskError(
                f"{self._id} returned an observation from {method}() at step {self._n_steps[number]} that does not fit "
                f"its observation_space: {error}. Correct the observation or the space."
            ) from error

    def _call(self, number: int, method: str, *args: Any, **kwargs: Any) -> Any:
        """Call a method of one environment; its exceptions become a `TaskError`."""
        try:
            return getattr(self._environments[number], method)(*args, **kwargs)
        except BaseException as error:
            reraise_interrupt(error)
            raise TaskError(
                f"{self._id} raised {type(error).__name__} in {method}() at step {self._n_steps[number]} of the "
                f"episode with seed {self._seeds[number]}: {error}{step_hint(error)}"
            ) from error


RESET_RESULT = "return a pair: the observation and a dict"


def is_reset_result(result: Any) -> bool:
    """Whether it is what `reset` returns: an observation and information about it."""
    return isinstance(result, tuple) and len(result) == 2 and isinstance(result[1], dict | NoneType)


def step_hint(error: BaseException) -> str:
    """The cure where `step` of an older interface returned four values to a wrapper; empty for other errors."""
    if not (isinstance(error, ValueError) and "unpack (expected 5" in str(error)):
        return ""
    return "; return five values from step(): observation, reward, terminated, truncated and info"
