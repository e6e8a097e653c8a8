"""Proximal policy optimization (PPO): the method, and its learner."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal

import numpy as np

from evorobo.arrays import Array
from evorobo.docstrings import inherit_docs
from evorobo.errors import LearningError, SettingsError
from evorobo.fields import Decay, Limits, NonNegativeFloat, PositiveFloat, PositiveInt, Probability
from evorobo.flops import update_flops
from evorobo.learners.actor_critic import ActorCritic
from evorobo.learners.base import Method, StepResult, WarmStartable
from evorobo.learners.budget import Budget, ChecksBudget, require_spending
from evorobo.learners.norms import SHORTENING_FLOPS
from evorobo.learners.policy_gradients.compiled import CompiledPasses
from evorobo.learners.policy_gradients.distributions import Categorical, Gaussian
from evorobo.learners.policy_gradients.objective import explained_variance
from evorobo.learners.policy_gradients.orthogonal import orthogonal_weights
from evorobo.learners.policy_gradients.passes import Passes
from evorobo.learners.policy_gradients.policy_model import Batch, LossParts, LossSettings, PolicyModel
from evorobo.learners.policy_gradients.rollout import (
    RewardScale,
    Rollout,
    SampledReturns,
    rollout_values,
    run_rollout,
)
from evorobo.learners.returns import td_lambda_targets
from evorobo.learners.warm_start import first_genome, first_observations, normalizes_observations, with_observations
from evorobo.nets.before_tanh import before_tanh
from evorobo.nets.genome import Genome
from evorobo.nets.optimizers import Adam, Optimizer
from evorobo.nets.scaling import RunningMoments
from evorobo.nets.schedules import Linear, Schedule
from evorobo.nets.spec import Hidden, NetworkSpec
from evorobo.registry import register_component
from evorobo.tasks.base import Cost, Scoring, Task
from evorobo.tasks.rollout_envs import HasRolloutEnvs

NEVER_SPENT = ("samples",)
"""Cost columns that policy gradients never add to."""


@register_component("method", "PPO")
@dataclass(frozen=True)
@inherit_docs
class PPO(Method, WarmStartable, ChecksBudget):
    """Proximal policy optimization: random actions, of which those better than expected become more likely.

    One step of learning is one rollout of `n_steps` steps in `n_envs` environments, and `n_epochs` passes over it in
    minibatches. Episodes go on from rollout to rollout; each has a seed of its own.

    Motors with limits are drawn from a normal distribution around the outputs of the network *before* the tanh of its
    last layer, other motors around its outputs; the standard deviations are learned too and do not depend on the
    observation. Moves are drawn by the softmax of the outputs. The genome is the network; it acts without noise in
    `validate` and `test`. The logged training score is the mean return, with random actions, of the last 100 finished
    episodes, or of the running ones before the first has finished.

    Advantages are those of generalized advantage estimation. Nothing follows a termination; a limit of time has the
    value of the last observation. The critic, a second network, and the standard deviations belong to the method: they
    are part of the state and of the cost, not of the genome, and a following PPO of `Stages` takes them over. Both
    networks see the same scaled observations, whose statistics change between rollouts only. Networks may have memory:
    a minibatch then consists of the whole rollouts of some environments. Batch normalization uses the running
    statistics of the genome, and dropout changes nothing.

    Parameters
    ----------
    optimizer : Optimizer, default Adam(0.0003, epsilon=1e-5)
        Rule that turns the gradients of network, standard deviations and critic into steps.
    schedule : Schedule, default Linear()
        Learning rate over the budget; by default it falls to 0.
    n_envs : int, default 8
        Environments, at least 1.
    n_steps : int, default 256
        Steps of each environment in a rollout, at least 1.
    n_epochs : int, default 10
        Passes over each rollout, at least 1.
    batch_size : int or None, default 64
        Steps in a minibatch, at least 1; None is the whole rollout. For networks with memory it is rounded to whole
        environments, at least one.
    discount : float, default 0.99
        Factor, above 0 and at most 1, by which a reward counts less for each step before it. The score is not
        discounted.
    gae_lambda : float, default 0.95
        Weight, 0 to 1, of longer returns in the advantages: 0 is one reward and a value, 1 is the whole rollout and a
        value.
    clip_range : float, default 0.2
        How far from 1 the ratio of new and old probability of an action can go with gain, above 0.
    clip_range_vf : float or None, default None
        How far a value can go from the old one, above 0. None is no limit.
    normalize_advantage : bool, default True
        Whether advantages have mean 0 and standard deviation 1 in each minibatch.
    entropy_coef : float, default 0.0
        Weight of the entropy, 0 or more. For motors it is that of the distribution before the tanh.
    value_coef : float, default 0.5
        Weight of the critic's mean squared error, above 0.
    max_grad_norm : float or None, default 0.5
        Largest norm of the gradient of network, standard deviations and critic together, above 0; longer ones are
        shortened. None is no limit.
    target_kl : float or None, default None
        Passes over a rollout end before a minibatch whose mean Kullback-Leibler divergence from the policy that acted
        exceeds 1.5 times this value, above 0. None is no limit.
    reward_scale : float, default 1.0
        Factor, above 0, of the rewards from which the method learns. The critic learns sums of about -1000 slowly.
    normalize_rewards : bool, default False
        Whether these are divided by the standard deviation of their discounted sums so far.
    critic : tuple of int or layer, default (64, 64)
        Hidden layers of the critic.
    initial_log_sd : float or None, default None
        Logarithm of the standard deviations at the start; None is 0, and -1 after a warm start.
    orthogonal : bool, default False
        Whether the first weights are orthogonal matrices times sqrt(2), in the last layer times 0.01 (critic: 1), and
        biases 0. The first genome is then not that of other methods with the same seed. A warm start keeps its weights.
    warm_start : str, Genome or None, default None
        The genome at which learning starts, or its file, as in `Backprop`.
    dtype : {"float64", "float32"}, default "float64"
        Precision of the networks, while they act in rollouts and learn. "float32" is faster for wide networks; genomes
        and evals are in double precision.
    compiled : bool, default False
        Learn from rollouts in machine code, compiled with numba, with the layers and optimizers of `Backprop`. The
        numbers differ by rounding. For the steps of the robots, `ControlTask` has a `compiled` of its own.
    name : str, default "ppo"
        Name in folders, tables and figures.

    Raises
    ------
    SettingsError
        If a value is out of its range, or if the task has no environments that can be stepped.

    References
    ----------
    Schulman, Wolski, Dhariwal, Radford & Klimov (2017), "Proximal policy optimization algorithms". Advantages: Schulman
    et al. (2016), "High-dimensional continuous control using generalized advantage estimation". Details: Huang et al.
    (2022), "The 37 implementation details of proximal policy optimization"; limits of time: Pardo et al. (2018), "Time
    limits in reinforcement learning".

    Examples
    --------
    >>> import numpy as np
    >>> from evorobo import PPO, ControlTask, NetworkSpec
    >>> task = ControlTask("CartPole-v1", test_episodes=20)
    >>> spec = NetworkSpec.build(task.n_inputs, (8,), task.n_outputs, task.output)
    >>> learner = PPO(n_steps=32, critic=(8,)).start(task, spec, np.random.default_rng(0))
    >>> result = learner.step(budget_fraction=0.0)
    >>> learner.cost.env_steps, sorted(result.info)
    (256, ['clip_fraction', 'entropy', 'explained_variance', 'kl', 'value_loss'])
    """

    optimizer: Optimizer = Adam(0.0003, epsilon=1e-5)
    schedule: Schedule = Linear()
    n_envs: PositiveInt = 8
    n_steps: PositiveInt = 256
    n_epochs: PositiveInt = 10
    batch_size: PositiveInt | None = 64
    discount: Decay = 0.99
    gae_lambda: Probability = 0.95
    clip_range: PositiveFloat = 0.2
    clip_range_vf: PositiveFloat | None = None
    normalize_advantage: bool = True
    entropy_coef: NonNegativeFloat = 0.0
    value_coef: PositiveFloat = 0.5
    max_grad_norm: PositiveFloat | None = 0.5
    target_kl: PositiveFloat | None = None
    reward_scale: PositiveFloat = 1.0
    normalize_rewards: bool = False
    critic: tuple[Hidden, ...] = (64, 64)
    initial_log_sd: Annotated[float, Limits(ge=-20, le=10)] | None = None
    orthogonal: bool = False
    warm_start: Genome | str | None = None
    dtype: Literal["float64", "float32"] = "float64"
    compiled: bool = False
    name: str = "ppo"

    def start(self, task: Task, spec: NetworkSpec, rng: np.random.Generator) -> PPOLearner:
        return PPOLearner(self, task, spec, rng)

    def with_warm_start(self, genome: Genome) -> PPO:
        return replace(self, warm_start=genome)

    def check_budget(self, task: Scoring, budget: Budget) -> None:
        require_spending(self.name, task, budget, NEVER_SPENT)


class PPOLearner:
    """Running `PPO`: one `step` is one rollout, and the minibatches that learn from it."""

    done = False

    def __init__(self, method: PPO, task: Task, spec: NetworkSpec, rng: np.random.Generator) -> None:
        if not isinstance(task, HasRolloutEnvs):
            raise SettingsError(
                f"{task.name} has no environments to step in; use Backprop or Evolution, or give the task a method "
                "rollout_envs() (see evorobo.tasks.rollout_envs.HasRolloutEnvs)."
            )
        self._method, self._rng = method, rng
        self._envs = task.rollout_envs(method.n_envs)
        self._first = first_genome(method.warm_start, task, spec, rng)
        choices = self._envs.choices
        critic = NetworkSpec.build(spec.n_inputs, method.critic, 1)
        self._model = PolicyModel(
            before_tanh(spec) if self._envs.bounded else spec,
            critic,
            Categorical(choices) if choices else Gaussian(spec.n_outputs),
            self._first.running_stats,
            method.dtype,
        )
        self._set_first_params(spec, critic)
        self._optimizer_state = method.optimizer.start(self._model.params)
        self._schedule_state = method.schedule.start()
        self._loss_settings = LossSettings(
            method.clip_range,
            method.clip_range_vf,
            method.normalize_advantage,
            method.entropy_coef,
            method.value_coef,
        )
        self._passes: Passes | CompiledPasses = (
            CompiledPasses(self._model, method, self._loss_settings, self._first.running_stats)
            if method.compiled
            else Passes(self._model, method, self._loss_settings)
        )
        self._cost = Cost()
        self._normalizes = normalizes_observations(task)
        self._observed = first_observations(self._first)
        self._returns = SampledReturns(method.n_envs)
        self._reward_scale = RewardScale(method.n_envs, method.discount) if method.normalize_rewards else None

    def _set_first_params(self, spec: NetworkSpec, critic: NetworkSpec) -> None:
        method, model, rng = self._method, self._model, self._rng
        cold = method.warm_start is None
        weights, values = self._first.weights, critic.init(rng)
        if method.orthogonal:
            values = orthogonal_weights(critic, values, 1.0, rng)
            weights = orthogonal_weights(spec, weights, 0.01, rng) if cold else weights
        model.actor_weights[:], model.critic_weights[:] = weights, values
        first_log_sd = method.initial_log_sd
        model.log_sd[:] = (0.0 if cold else -1.0) if first_log_sd is None else first_log_sd

    @property
    def genome(self) -> Genome:
        genome = replace(self._first, weights=self._model.actor_weights.astype(float))
        return with_observations(genome, self._observed) if self._normalizes else genome

    @property
    def cost(self) -> Cost:
        return self._cost

    def step(self, budget_fraction: float) -> StepResult:
        method, model, rng = self._method, self._model, self._rng
        factor = method.schedule.factor(budget_fraction, self._schedule_state)
        scaler, before = self.genome.input_scaler, model.params.copy()
        episodes = 0
        if not self._envs.observations.size:
            self._envs.reset(rng)
            episodes = method.n_envs
        with np.errstate(all="ignore"):
            rollout = run_rollout(
                self._envs, model.actor, model.distribution, model.log_sd, scaler, method.n_steps, rng
            )
            values, next_values, n_passes = rollout_values(rollout, model.critic, scaler)
            self._count(rollout, episodes, n_passes)
            rewards = rollout.rewards
            if self._reward_scale:
                rewards = self._reward_scale.scale(rewards, rollout.ended)
            targets = td_lambda_targets(
                method.reward_scale * rewards, next_values, rollout.ended, method.discount, method.gae_lambda
            )
            inputs = scaler.transform(rollout.observations) if scaler else rollout.observations
            losses = self._learn(self._batch(rollout, inputs, values, targets), factor)
        if not np.isfinite(model.params).all():
            model.params[:] = before
            raise LearningError(
                f"learning diverged: the weights are no longer finite after {self._cost.env_steps} steps; try a "
                "smaller learning rate or reward_scale."
            )
        self._returns.add(rollout)
        method.schedule.on_epoch_end(-self._returns.mean, self._schedule_state)
        # the observations of a rollout change the scaling of the next one only
        self._observed = self._observed + RunningMoments.from_rows(
            rollout.observations.reshape(-1, rollout.observations.shape[-1])
        )
        return StepResult(self._returns.mean, self._info(losses, values, targets))

    def _batch(self, rollout: Rollout, inputs: Array, values: Array, targets: Array) -> Batch:
        """The steps of a rollout: sequences of one step each, or with memory one of each environment."""
        model, shape = self._model, values.shape
        evaluation = model.distribution.evaluate(
            rollout.outputs.reshape(values.size, -1), model.log_sd, rollout.samples.reshape(values.size, -1)
        )
        arrays = inputs, rollout.starts, rollout.samples, evaluation.log_probs.reshape(shape), values, targets - values
        has_memory = model.actor.recurrent or model.critic.recurrent
        sequences = [
            array.swapaxes(0, 1) if has_memory else array.reshape(values.size, 1, *array.shape[2:])
            for array in (*arrays, targets)
        ]
        return Batch(np.arange(len(sequences[0])), *sequences)

    def _learn(self, batch: Batch, factor: float) -> list[LossParts]:
        """Pass the steps of a rollout several times, and return the losses of the minibatches."""
        method, n_params = self._method, len(self._model.params)
        losses, n_rows, n_updates = self._passes.learn(batch, factor, self._optimizer_state, self._rng)
        shortening = SHORTENING_FLOPS * n_params * bool(method.max_grad_norm)
        networks = self._model.actor.spec, self._model.critic.spec
        self._cost = self._cost + Cost(
            forward_flops=n_rows * sum(spec.forward_flops for spec in networks),
            backward_flops=n_rows * sum(spec.backward_flops for spec in networks),
            update_flops=round(n_updates * (update_flops(method.optimizer, n_params) + shortening)),
        )
        return losses

    def _count(self, rollout: Rollout, n_started: int, n_values: int) -> None:
        """Add the cost of a rollout, with so many values of the critic."""
        model, n_env_steps = self._model, rollout.rewards.size
        self._cost = self._cost + Cost(
            env_steps=n_env_steps,
            episodes=n_started + int(rollout.ended.sum()),
            forward_flops=n_env_steps * model.actor.spec.forward_flops + n_values * model.critic.spec.forward_flops,
            robot_flops=n_env_steps * self._envs.step_flops,
        )

    def _info(self, losses: list[LossParts], values: Array, targets: Array) -> dict[str, float]:
        means = LossParts(*np.mean(losses, axis=0).tolist())
        info = {
            "kl": means.kl,
            "clip_fraction": means.clip_fraction,
            "entropy": means.entropy,
            "value_loss": means.value,
            "explained_variance": explained_variance(values, targets),
        }
        log_sd = self._model.log_sd
        return info | ({"noise_sd": float(np.exp(log_sd).mean())} if len(log_sd) else {})

    def handed_over(self) -> ActorCritic:
        method, model, scale = self._method, self._model, self._reward_scale
        return ActorCritic(
            model.log_sd.astype(float) if len(model.log_sd) else None,
            model.critic.spec,
            model.critic_weights.astype(float),
            self._scaling,
            method.discount,
            method.reward_scale,
            scale.observed if scale else None,
        )

    def take_over(self, parts: Any) -> None:
        if not isinstance(parts, ActorCritic):
            return
        method, model, scale = self._method, self._model, self._reward_scale
        if parts.log_sd is not None:
            model.log_sd[:] = parts.log_sd
        if not parts.same_critic(model.critic.spec, method.discount, method.reward_scale, method.normalize_rewards):
            return
        if parts.observed.count == self._scaling.count:  # the critic reads observations as the network does
            model.critic_weights[:] = parts.weights
            if scale and parts.observed_sums:
                scale.observed = parts.observed_sums

    @property
    def _scaling(self) -> RunningMoments:
        """The statistics that scale observations; empty if there are none, or if the task does not normalize."""
        return self._observed if self._normalizes else RunningMoments.empty(len(self._observed.mean))

    def artifacts(self) -> dict[str, bytes | str]:
        return {}

    def state(self) -> dict[str, Any]:
        return {
            "model": self._model.state(),
            "optimizer": self._optimizer_state,
            "schedule": self._schedule_state,
            "envs": self._envs.state(),
            "returns": self._returns.state(),
            "reward_scale": self._reward_scale.state() if self._reward_scale else {},
            "cost": vars(self._cost),
            "observed": vars(self._observed),
            "rng": self._rng.bit_generator.state,
        }

    def restore(self, state: dict[str, Any]) -> None:
        self._model.restore(state["model"])
        self._optimizer_state, self._schedule_state = state["optimizer"], state["schedule"]
        self._envs.restore(state["envs"])
        self._returns.restore(state["returns"])
        if self._reward_scale:
            self._reward_scale.restore(state["reward_scale"])
        self._cost, self._observed = Cost(**state["cost"]), RunningMoments(**state["observed"])
        self._rng.bit_generator.state = state["rng"]
