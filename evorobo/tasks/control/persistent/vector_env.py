"""Rows of a vector environment of gymnasium, in any autoreset mode."""

from __future__ import annotations

from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import SettingsError
from evorobo.tasks.control.persistent.base import RowStep
from evorobo.tasks.control.spaces import make_decoder, make_flattener


class VectorEnvRows:
    """Rows (see `EnvRows`) of a `gymnasium.vector.VectorEnv`.

    Rows restart by `reset(options={"reset_mask": ...})`, which gives each a seed of its own. What the environment does
    with a row that has ended is its `autoreset_mode`:

    - DISABLED: nothing.
    - NEXT_STEP: it restarts the row in the next step; the restart from a seed comes before that.
    - SAME_STEP: it restarts the row at once, without a seed, and keeps the last observation in `final_obs`; the restart
      from a seed replaces this one.

    Modes that restart rows work only where `reset_mask` is known in them: `SyncVectorEnv` and `AsyncVectorEnv`.
    """

    def __init__(self, envs: Any) -> None:
        from gymnasium.vector import AsyncVectorEnv, AutoresetMode, SyncVectorEnv

        mode = envs.metadata.get("autoreset_mode")
        self._same_step = mode == AutoresetMode.SAME_STEP
        if mode != AutoresetMode.DISABLED and not isinstance(envs.unwrapped, SyncVectorEnv | AsyncVectorEnv):
            raise SettingsError(
                f"{type(envs.unwrapped).__name__} restarts its rows without seeds (autoreset mode "
                f"{getattr(mode, 'name', mode)}); make it with AutoresetMode.DISABLED."
            )
        self._envs, self.n_rows = envs, envs.num_envs
        self._space = envs.single_observation_space
        self._flatten = make_flattener(self._space)[1]
        self._to_env_action = make_decoder(envs.single_action_space).to_env_action

    def restart(self, rows: np.ndarray, seeds: np.ndarray) -> Array:
        mask, all_seeds = np.zeros(self.n_rows, bool), [None] * self.n_rows
        mask[rows] = True
        for row, seed in zip(rows.tolist(), seeds.tolist(), strict=True):
            all_seeds[row] = seed
        observations, _ = self._envs.reset(seed=all_seeds, options={} if mask.all() else {"reset_mask": mask})
        return self._flat(observations)[rows]

    def step(self, actions: np.ndarray) -> RowStep:
        from gymnasium.vector.utils import concatenate, create_empty_array

        native = [self._to_env_action(action) for action in actions]
        out: Any = create_empty_array(self._envs.single_action_space, self.n_rows)
        batch = concatenate(self._envs.single_action_space, native, out)
        observations, rewards, terminated, truncated, info = self._envs.step(batch)
        flat = self._flat(observations)
        if self._same_step and "final_obs" in info:
            for row in np.flatnonzero(info["_final_obs"]):
                flat[row] = self._flatten(info["final_obs"][row])
        return RowStep(flat, np.array(rewards, float), np.array(terminated, bool), np.array(truncated, bool))

    def _flat(self, observations: Any) -> Array:
        from gymnasium.vector.utils import iterate

        space = self._envs.observation_space
        return np.stack([self._flatten(observation) for observation in iterate(space, observations)]).astype(float)
