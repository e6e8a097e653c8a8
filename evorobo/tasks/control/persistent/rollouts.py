"""Environments for rollouts: rows whose actions are made from network outputs or from choices."""

from __future__ import annotations

from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.tasks.control.persistent.envs import make_persistent_envs
from evorobo.tasks.control.simulators.base import EnvSpec
from evorobo.tasks.control.spaces import BoxDecoder, Decoder, DiscreteDecoder, MultiDiscreteDecoder
from evorobo.tasks.rollout_envs import Transition


class ControlRolloutEnvs:
    """The environments (see `RolloutEnvs`) of a robot."""

    def __init__(self, env_spec: EnvSpec, decoder: Decoder, n_envs: int, *, compiled: bool = False) -> None:
        self._envs, self._decoder = make_persistent_envs(env_spec, n_envs, compiled=compiled), decoder
        self.choices: tuple[int, ...] = ()
        if isinstance(decoder, DiscreteDecoder):
            self.choices = (decoder.n_outputs,)
        elif isinstance(decoder, MultiDiscreteDecoder):
            self.choices = decoder.sizes
        self.bounded = isinstance(decoder, BoxDecoder) and decoder.scaled
        self.step_flops = env_spec.step_flops
        self.limits: Array = np.empty((2, 0))
        if isinstance(decoder, BoxDecoder):
            self.limits = np.stack([decoder.low, decoder.high])

    @property
    def observations(self) -> Array:
        return self._envs.observations

    def reset(self, rng: np.random.Generator) -> Array:
        return self._envs.reset(rng)

    def step(self, outputs: np.ndarray, rng: np.random.Generator) -> Transition:
        if not self.choices:
            actions = self._decoder.actions(outputs)
        else:
            actions = outputs[:, 0] if isinstance(self._decoder, DiscreteDecoder) else outputs
        return self._envs.step(actions, rng)

    def state(self) -> dict[str, Any]:
        return self._envs.state()

    def restore(self, state: dict[str, Any]) -> None:
        self._envs.restore(state)
