"""Actor and critic as one vector of parameters, and the loss of a minibatch with its gradient."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np

from evorobo.arrays import Array
from evorobo.learners.policy_gradients.distributions import ActionDistribution
from evorobo.learners.policy_gradients.objective import mean_kl, mean_of, normalized, policy_loss, value_loss
from evorobo.learners.policy_gradients.rollout_network import RolloutNetwork
from evorobo.nets.spec import NetworkSpec


@dataclass(frozen=True)
class LossSettings:
    """The settings of the loss; see `PPO`."""

    clip_range: float
    clip_range_vf: float | None
    normalize_advantage: bool
    entropy_coef: float
    value_coef: float


@dataclass(frozen=True, eq=False)
class Batch:
    """Steps to learn from, as arrays that begin with `(sequences, steps)`; `sequences` are numbers of environments.

    Without memory each sequence is one step. `inputs` are scaled observations; `log_probs` and `values` are those of
    the policy that acted.
    """

    sequences: np.ndarray
    inputs: Array
    starts: np.ndarray
    samples: np.ndarray
    log_probs: Array
    values: Array
    advantages: Array
    targets: Array

    @property
    def n_rows(self) -> int:
        return self.log_probs.size

    def sequences_per_minibatch(self, batch_size: int | None) -> int:
        """The number of sequences in a minibatch of about `batch_size` steps; None is the whole rollout."""
        n_sequences, n_steps = self.log_probs.shape
        return n_sequences if batch_size is None else min(max(1, round(batch_size / n_steps)), n_sequences)

    def minibatches(self, batch_size: int | None, rng: np.random.Generator) -> Iterator[Batch]:
        """Minibatches of whole sequences in random order, with about `batch_size` steps each."""
        n_sequences, size = len(self.sequences), self.sequences_per_minibatch(batch_size)
        order = rng.permutation(n_sequences)
        arrays = [getattr(self, field.name).take(order, 0) for field in fields(self)]
        for start in range(0, n_sequences, size):
            yield Batch(*(array[start : start + size] for array in arrays))


class LossParts(NamedTuple):
    """The loss of a minibatch and its parts; `kl` and `clip_fraction` compare with the policy that acted."""

    total: float
    policy: float
    value: float
    entropy: float
    kl: float
    clip_fraction: float


class PolicyModel:
    """A network that acts, the logarithms of its standard deviations, and a network of values, in one vector `params`.

    `gradient` is that of the last loss. Parameters are changed in place. They have the precision `dtype`, in which the
    networks compute, and the optimizer too; the loss is computed in double precision.
    """

    def __init__(
        self,
        actor: NetworkSpec,
        critic: NetworkSpec,
        distribution: ActionDistribution,
        running_stats: Array | None,
        dtype: str = "float64",
    ) -> None:
        self.distribution, self._n_actor = distribution, actor.n_params
        self._begin_critic = actor.n_params + distribution.n_log_sds
        self.params = np.zeros(self._begin_critic + critic.n_params, dtype)
        self.gradient = np.zeros_like(self.params)
        own_stats = critic.init_running_stats() if critic.n_running_stats else None
        begin, end = self._n_actor, self._begin_critic
        self.actor = RolloutNetwork(actor, self.params[:begin], self.gradient[:begin], running_stats)
        self.critic = RolloutNetwork(critic, self.params[end:], self.gradient[end:], own_stats)

    @property
    def actor_weights(self) -> Array:
        return self.params[: self._n_actor]

    @property
    def log_sd(self) -> Array:
        return self.params[self._n_actor : self._begin_critic]

    @property
    def critic_weights(self) -> Array:
        return self.params[self._begin_critic :]

    def loss(self, batch: Batch, settings: LossSettings) -> LossParts:
        """Compute the loss of a minibatch, and write its gradient."""
        rows, log_sd = batch.n_rows, self.log_sd
        outputs = self.actor.forward(batch.inputs, batch.starts, batch.sequences)
        evaluation = self.distribution.evaluate(outputs, log_sd, batch.samples.reshape(rows, -1))
        advantages = batch.advantages.reshape(rows)
        if settings.normalize_advantage:
            advantages = normalized(advantages)
        policy = policy_loss(evaluation.log_probs, batch.log_probs.reshape(rows), advantages, settings.clip_range)
        dy, grad_log_sd = evaluation.gradient(policy.grad_log_probs, -settings.entropy_coef / rows)
        self.actor.backward(dy)
        self.gradient[self._n_actor : self._begin_critic] = grad_log_sd

        values = self.critic.forward(batch.inputs, batch.starts, batch.sequences)[:, 0]
        value, grad_values = value_loss(
            values, batch.targets.reshape(rows), batch.values.reshape(rows), settings.clip_range_vf
        )
        self.critic.backward((settings.value_coef * grad_values)[:, None])
        entropy = mean_of(evaluation.entropies)
        return LossParts(
            policy.value - settings.entropy_coef * entropy + settings.value_coef * value,
            policy.value,
            value,
            entropy,
            mean_kl(policy.log_ratios, policy.ratios),
            np.count_nonzero(np.abs(policy.ratios - 1) > settings.clip_range) / rows,
        )

    def state(self) -> dict[str, Any]:
        return {"params": self.params, "actor": self.actor.state(), "critic": self.critic.state()}

    def restore(self, state: dict[str, Any]) -> None:
        self.params[:] = state["params"]
        self.actor.restore(state["actor"])
        self.critic.restore(state["critic"])
