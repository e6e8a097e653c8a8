"""Windows and rollouts on the small task of `check_method`."""

from __future__ import annotations

from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.nets.before_tanh import gaussian_entropy
from evorobo.nets.genome import Genome
from evorobo.nets.passes import forward, gradient
from evorobo.tasks.base import Cost
from evorobo.tasks.capabilities import Window
from evorobo.tasks.rollout_envs import Transition


class WaveWindows:
    """Each step asks `n_envs` random points `x (rows, k)` for `y (rows, 1)`; the reward is minus the squared error."""

    def __init__(self, x: Array, y: Array, n_envs: int) -> None:
        self._x, self._y, self._n_envs = x, y, n_envs
        self._rows = np.zeros(n_envs, int)

    def run(self, genome: Genome, log_sd: Array, n_steps: int, rng: np.random.Generator) -> Window:
        spec, weights = genome.spec, genome.weights
        rows = np.concatenate([self._rows[None], rng.integers(len(self._x), size=(n_steps, self._n_envs))])
        self._rows, shape = rows[-1], (n_steps, self._n_envs)
        x, noise = self._x[rows[:-1]].reshape(-1, spec.n_inputs), np.exp(log_sd) * rng.standard_normal((*shape, 1))
        errors = forward(spec, weights, x).reshape(*shape, 1) + noise - self._y[rows[:-1]]

        def differentiate(grad_rewards: Array, grad_entropies: Array, _: Array) -> tuple[Array, Array]:
            dy = -2 * errors * grad_rewards[..., None]
            grad_log_sd = (dy * noise).sum((0, 1)) + grad_entropies.sum()
            return gradient(spec, weights, x, dy.reshape(-1, 1)), grad_log_sd

        never = np.zeros(shape, bool)
        cost = Cost(env_steps=rows[1:].size, forward_flops=len(x) * spec.forward_flops)
        entropies = np.full(shape, gaussian_entropy(log_sd))
        seen, rewards = (self._x[rows[:-1]], self._x[rows[1:]]), -np.square(errors[..., 0])
        return Window(*seen, rewards, never, never, entropies, differentiate, cost)

    def state(self) -> dict[str, Any]:
        return {"rows": self._rows}

    def restore(self, state: dict[str, Any]) -> None:
        self._rows = state["rows"]


class WaveRolloutEnvs:
    """The same steps for rollouts (see `RolloutEnvs`)."""

    choices: tuple[int, ...] = ()
    bounded = False
    step_flops = 0

    def __init__(self, x: Array, y: Array, n_envs: int) -> None:
        self._x, self._y, self._n_envs = x, y, n_envs
        self._rows = np.empty(0, int)
        self.limits = np.array([[-np.inf], [np.inf]])

    @property
    def observations(self) -> Array:
        return self._x[self._rows]

    def reset(self, rng: np.random.Generator) -> Array:
        self._rows = rng.integers(len(self._x), size=self._n_envs)
        return self.observations

    def step(self, outputs: np.ndarray, rng: np.random.Generator) -> Transition:
        rewards = -np.square(outputs - self._y[self._rows]).sum(1)
        self.reset(rng)
        never = np.zeros(self._n_envs, bool)
        return Transition(self.observations, rewards, never, never)

    def state(self) -> dict[str, Any]:
        return {"rows": self._rows}

    def restore(self, state: dict[str, Any]) -> None:
        self._rows = state["rows"]
