"""Environments that methods step for themselves, in rollouts: what policy gradients need of a task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from evorobo.arrays import Array


@dataclass(frozen=True, eq=False)
class Transition:
    """One step of n rows.

    `last_observations (n, k)` are those after the step. Where `ended`, they are the last ones of an episode, and the
    row has restarted: the `observations` of the environments are then the first ones of the next episode. After a
    termination nothing follows, so its value is 0; after a truncation the last observation has a value. Both may be
    true.
    """

    last_observations: Array
    rewards: Array
    terminated: np.ndarray
    truncated: np.ndarray

    @property
    def ended(self) -> np.ndarray:
        return self.terminated | self.truncated


class RolloutEnvs(Protocol):
    """n environments whose episodes go on from rollout to rollout; a row that ends restarts alone, from a new seed.

    `choices` are the numbers of choices of an action, for example `(4, 2)`; it is empty for motors. `bounded` says
    whether motors have limits, to which outputs from -1 to 1 are scaled, so that the last layer of a network is a tanh.
    `limits (2, m)` are the lowest and highest values of the motors.
    `observations (n, k)` are those to act on next. `step_flops` are the operations of one step of one environment.
    """

    choices: tuple[int, ...]
    bounded: bool
    step_flops: int
    limits: Array

    @property
    def observations(self) -> Array: ...

    def reset(self, rng: np.random.Generator) -> Array:
        """Begin new episodes in all rows, with seeds from `rng`, and return the first observations."""

    def step(self, outputs: np.ndarray, rng: np.random.Generator) -> Transition:
        """Step all rows, and restart those that have ended, with seeds from `rng`.

        `outputs` are the outputs of networks `(n, m)` for motors, and else the numbers of the choices `(n, g)`.
        """

    def state(self) -> dict[str, Any]:
        """Return the running episodes as arrays and plain values."""

    def restore(self, state: dict[str, Any]) -> None:
        """Continue the episodes of a state, bit for bit."""


@runtime_checkable
class HasRolloutEnvs(Protocol):
    """A task with environments that can be stepped one step at a time, for methods that learn from single steps."""

    def rollout_envs(self, n_envs: int) -> RolloutEnvs:
        """Return environments whose episodes go on from rollout to rollout.

        Parameters
        ----------
        n_envs : int
            Number of environments.

        Returns
        -------
        RolloutEnvs
            The environments, not yet reset.
        """
