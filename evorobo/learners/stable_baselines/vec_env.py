"""The environments of a task as a vectorized environment of Stable-Baselines3."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from gymnasium import spaces
from stable_baselines3.common.vec_env import VecEnv

from evorobo.arrays import Array
from evorobo.tasks.rollout_envs import RolloutEnvs


class RolloutVecEnv(VecEnv):
    """n environments of a task. Seeds of episodes come from `rng`; actions are choices, or motor values."""

    def __init__(self, envs: RolloutEnvs, n_envs: int, n_inputs: int, rng: np.random.Generator) -> None:
        self.envs, self._rng = envs, rng
        self.n_episodes = 0
        self._running, self._finished = np.zeros(n_envs), np.full(n_envs, np.nan)
        self._to_outputs, action_space = _actions(envs)
        super().__init__(n_envs, spaces.Box(-np.inf, np.inf, (n_inputs,), np.float32), action_space)

    @property
    def mean_return(self) -> float:
        """The mean over environments of the last finished return, or else of the running one."""
        return float(np.where(np.isnan(self._finished), self._running, self._finished).mean())

    def reset(self) -> Array:
        self.n_episodes += self.num_envs
        return self.envs.reset(self._rng).astype(np.float32)

    def step_async(self, actions: np.ndarray) -> None:
        self._outputs = self._to_outputs(actions)

    def step_wait(self) -> tuple[Array, Array, np.ndarray, list[dict[str, Any]]]:
        step = self.envs.step(self._outputs, self._rng)
        ended = step.ended
        self._running += step.rewards
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        for row in np.flatnonzero(ended):
            infos[row] = {
                "terminal_observation": step.last_observations[row].astype(np.float32),
                "TimeLimit.truncated": not step.terminated[row],
            }
        self._finished[ended], self._running[ended] = self._running[ended], 0.0
        self.n_episodes += int(ended.sum())
        return self.envs.observations.astype(np.float32), step.rewards.astype(np.float32), ended, infos

    def state(self) -> dict[str, Any]:
        """The running episodes and their returns."""
        returns = {"running": self._running.copy(), "finished": self._finished.copy()}
        return {"envs": self.envs.state(), "n_episodes": self.n_episodes, **returns}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue the episodes of a state."""
        self.envs.restore(state["envs"])
        self.n_episodes = state["n_episodes"]
        self._running, self._finished = state["running"], state["finished"]

    def close(self) -> None:
        pass

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        if attr_name != "render_mode":
            raise AttributeError(attr_name)
        return [None] * self.num_envs

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        raise AttributeError(attr_name)

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any) -> list[Any]:
        raise AttributeError(method_name)

    def env_is_wrapped(self, wrapper_class: Any, indices: Any = None) -> list[bool]:
        return [False] * self.num_envs


def _actions(envs: RolloutEnvs) -> tuple[Callable[[np.ndarray], np.ndarray], spaces.Space]:
    """The function that turns actions into what `RolloutEnvs.step` takes, and their space."""
    if len(envs.choices) == 1:
        return lambda actions: actions.reshape(-1, 1), spaces.Discrete(envs.choices[0])
    if envs.choices:
        return lambda actions: actions, spaces.MultiDiscrete(list(envs.choices))
    low, high = envs.limits
    width = np.where(high > low, high - low, 1.0)
    box = spaces.Box(low.astype(np.float32), high.astype(np.float32), dtype=np.float32)
    return lambda actions: np.where(high > low, 2 * (actions.astype(float) - low) / width - 1, 0.0), box
