"""Rollouts: some steps of all environments by the policy with its random actions, and the returns of its episodes."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

import numpy as np

from evorobo.arrays import Array
from evorobo.learners.policy_gradients.distributions import ActionDistribution
from evorobo.learners.policy_gradients.rollout_network import RolloutNetwork
from evorobo.nets.scaling import RunningMoments, Scaler
from evorobo.tasks.rollout_envs import RolloutEnvs

N_RETURNS = 100
"""Number of the last episodes whose mean return is logged, as in Stable-Baselines3."""


@dataclass(frozen=True, eq=False)
class Rollout:
    """Steps of n environments. Shapes begin with `(steps, n)`.

    The network acted on `observations`, and had `outputs`, around which `samples` were drawn. `last_observations` are
    those after each step. `starts` says which steps are the first ones of an episode that began within the rollout.
    """

    observations: Array
    outputs: Array
    samples: np.ndarray
    last_observations: Array
    rewards: Array
    terminated: np.ndarray
    truncated: np.ndarray

    @property
    def ended(self) -> np.ndarray:
        return self.terminated | self.truncated

    @property
    def starts(self) -> np.ndarray:
        return np.concatenate([np.zeros_like(self.terminated[:1]), self.ended[:-1]])


def run_rollout(
    envs: RolloutEnvs,
    actor: RolloutNetwork,
    distribution: ActionDistribution,
    log_sd: Array,
    scaler: Scaler | None,
    n_steps: int,
    rng: np.random.Generator,
) -> Rollout:
    """Step all environments by the policy. Noise and seeds of new episodes come from `rng`."""
    observations, outputs, samples, transitions = [], [], [], []
    actor.begin_rollout()
    for _ in range(n_steps):
        observed = envs.observations
        output = actor.act(scaler.transform(observed) if scaler else observed).copy()
        sample = distribution.sample(output, log_sd, rng)
        transition = envs.step(np.tanh(sample) if envs.bounded else sample, rng)
        actor.restart(transition.ended)
        observations.append(observed)
        outputs.append(output)
        samples.append(sample)
        transitions.append(transition)
    return Rollout(
        np.stack(observations),
        np.stack(outputs),
        np.stack(samples),
        np.stack([transition.last_observations for transition in transitions]),
        np.stack([transition.rewards for transition in transitions]),
        np.stack([transition.terminated for transition in transitions]),
        np.stack([transition.truncated for transition in transitions]),
    )


def rollout_values(rollout: Rollout, critic: RolloutNetwork, scaler: Scaler | None) -> tuple[Array, Array, int]:
    """The values of the observations, and of what follows after each step, both `(steps, n)`; and the passes.

    After a termination nothing follows. After a limit of time, and after the last step, the last observation has a
    value.
    """
    needed = rollout.truncated.copy()
    needed[-1] = True
    needed &= ~rollout.terminated
    inputs, last = rollout.observations, rollout.last_observations
    if scaler:
        inputs, last = scaler.transform(inputs), scaler.transform(last)
    values, next_values = np.empty(needed.shape), np.zeros(needed.shape)
    n_passes = needed.size
    critic.begin_rollout()
    if critic.recurrent:
        for step, ended in enumerate(rollout.ended):
            values[step] = critic.act(inputs[step])[:, 0]
            if needed[step].any():
                next_values[step] = np.where(needed[step], critic.look_ahead(last[step])[:, 0], 0.0)
                n_passes += needed.shape[1]
            critic.restart(ended)
    else:
        values[...] = critic.act(inputs.reshape(needed.size, -1))[:, 0].reshape(needed.shape)
        if needed.any():
            next_values[needed] = critic.act(last[needed])[:, 0]
            n_passes += int(np.count_nonzero(needed))
    goes_on = ~rollout.ended[:-1]
    next_values[:-1][goes_on] = values[1:][goes_on]
    return values, next_values, n_passes


class SampledReturns:
    """The returns of the episodes with random actions."""

    def __init__(self, n_envs: int) -> None:
        self._running = np.zeros(n_envs)
        self._finished: deque[float] = deque(maxlen=N_RETURNS)

    def add(self, rollout: Rollout) -> None:
        for rewards, ended in zip(rollout.rewards, rollout.ended, strict=True):
            self._running += rewards
            if ended.any():
                self._finished.extend(self._running[ended].tolist())
                self._running[ended] = 0.0

    @property
    def mean(self) -> float:
        """The mean of the last finished episodes, or of the running ones before the first has finished."""
        return float(np.mean(self._finished if self._finished else self._running))

    def state(self) -> dict[str, Any]:
        return {"running": self._running, "finished": np.array(self._finished)}

    def restore(self, state: dict[str, Any]) -> None:
        self._running = np.array(state["running"], float)
        self._finished = deque(np.asarray(state["finished"], float).tolist(), maxlen=N_RETURNS)


class RewardScale:
    """The standard deviation of discounted sums of rewards, by which rewards are divided.

    The sums run through each episode, as in gymnasium's NormalizeReward. Those of a rollout count in it already.
    """

    def __init__(self, n_envs: int, discount: float) -> None:
        self._discount, self._sums, self.observed = discount, np.zeros(n_envs), RunningMoments.empty(1)

    def scale(self, rewards: Array, ended: np.ndarray) -> Array:
        """Take the rewards `(steps, n)` of a rollout into account, and return them scaled."""
        sums = np.empty_like(rewards)
        for step in range(len(rewards)):
            self._sums = self._discount * self._sums + rewards[step]
            sums[step] = self._sums
            self._sums = np.where(ended[step], 0.0, self._sums)
        self.observed = self.observed + RunningMoments.from_rows(sums.reshape(-1, 1))
        return rewards / self.observed.scaler.sd[0]

    def state(self) -> dict[str, Any]:
        return {"sums": self._sums, "observed": vars(self.observed)}

    def restore(self, state: dict[str, Any]) -> None:
        self._sums, self.observed = state["sums"], RunningMoments(**state["observed"])
