"""Short-horizon actor-critic: the gradient through windows of steps, with a learned value of what follows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any

import numpy as np

from evorobo.arrays import Array
from evorobo.docstrings import inherit_docs
from evorobo.errors import SettingsError
from evorobo.fields import Decay, DecayRate, Limits, NonNegativeFloat, PositiveFloat, PositiveInt, Probability
from evorobo.flops import update_flops
from evorobo.learners.actor_critic import ActorCritic
from evorobo.learners.base import Method, StepResult, WarmStartable
from evorobo.learners.gradients.critic import Critic, discounts
from evorobo.learners.gradients.learner import GradientLearner
from evorobo.learners.norms import SHORTENING_FLOPS, gradient_norms, shorten
from evorobo.learners.returns import td_lambda_targets
from evorobo.learners.saturation import require_slope, saturated_columns
from evorobo.nets.dense import Dense
from evorobo.nets.genome import Genome
from evorobo.nets.layer_norm import LayerNorm
from evorobo.nets.optimizers import Adam, Optimizer
from evorobo.nets.scaling import RunningMoments
from evorobo.nets.schedules import Linear, Schedule
from evorobo.nets.spec import Hidden, NetworkSpec
from evorobo.registry import register_component
from evorobo.tasks.base import Cost, Task
from evorobo.tasks.capabilities import HasReturnWindows, Window

_CURE = "smaller learning rate or reward_scale"


@register_component("method", "SHAC")
@dataclass(frozen=True)
@inherit_docs
class SHAC(Method, WarmStartable):
    """Short-horizon actor-critic: the gradient through windows of steps, and a critic for all that follows.

    One step of learning is one window of `horizon` steps in `n_envs` environments, whose episodes go on from window to
    window and restart one by one. The policy is stochastic: Gaussian noise is added to the outputs of the network
    before the tanh of its last layer, with standard deviations that are learned too. The gradient is that of the
    discounted rewards of the window plus the value of the observation after it. A termination has the value 0; a limit
    of time has the value of the last observation. Then the critic is fitted to the TD(lambda) targets of the window.

    The network without noise is the solution; it is what `validate` and `test` evaluate. The critic and the standard
    deviations belong to the method: they are part of the state and of the cost, not of the genome. As a later stage of
    `Stages`, the method goes on with those of the stage before, where they fit. The inputs of the critic are
    scaled by the mean and standard deviation of earlier windows. The logged score is the mean over the environments of
    the return, with noise, of the last finished episode, or of the running one before the first has finished.

    The defaults are those of the paper. Networks with memory are refused. What is said of robots, jumps and layers at
    `AnalyticGradient` holds here as well; a window whose gradient is not finite changes no weights of the network and
    is counted (column `dropped`).

    Parameters
    ----------
    optimizer : Optimizer, default Adam(0.002, 0.7, 0.95)
        Rule that turns gradients into steps of the network and of the standard deviations.
    critic_optimizer : Optimizer, default Adam(0.002, 0.7, 0.95)
        The same for the critic.
    schedule : Schedule, default Linear(0.005)
        Factor of both learning rates over the budget.
    n_envs : int, default 64
        Environments, at least 1.
    horizon : int, default 32
        Steps of a window, at least 1.
    discount : float, default 0.99
        Factor, above 0 and at most 1, by which a reward counts less for each step before it. The score is not
        discounted.
    td_lambda : float, default 0.95
        Weight, 0 to 1, of longer returns in the targets of the critic: 0 is one reward and a value, 1 is the whole
        window and a value.
    critic : tuple of int or layer, default two layers of 64 ELU units with layer normalization
        Hidden layers of the critic.
    critic_iterations : int, default 16
        Passes of the critic over each window, at least 1.
    critic_minibatches : int, default 4
        Updates of the critic in each pass, at least 1.
    target_decay : float, default 0.4
        Share of the target critic that is kept after each window, from 0 up to but not including 1; the rest comes
        from the critic.
    max_grad_norm : float or None, default 1.0
        Largest norm of a whole gradient, above 0; longer gradients are shortened. None is no limit.
    initial_log_sd : float, default -1.0
        Logarithm of the standard deviations of the noise at the start.
    reward_scale : float, default 1.0
        Factor, above 0, of the rewards from which the method learns. The critic learns sums of about -1000 slowly.
    entropy_coef : float, default 0.0
        Weight, 0 or more, of the entropy of the policy after the tanh, which is added to each reward. It keeps noise
        from shrinking and motors from saturating before good actions are found (Xing et al. 2025).
    warm_start : str, Genome or None, default None
        The genome at which learning starts, or its file, as in `AnalyticGradient`.
    name : str, default "shac"
        Name in folders, tables and figures.

    Raises
    ------
    SettingsError
        If a value is out of its range, or if the task has no gradient.

    References
    ----------
    Xu, Makoviychuk, Narang, Ramos, Matusik, Garg & Macklin (2022), "Accelerated policy learning with parallel
    differentiable simulation". Xing, Luk & Oh (2025), "Stabilizing reinforcement learning in differentiable
    multiphysics simulation".

    Examples
    --------
    >>> import numpy as np
    >>> from evorobo import AnalyticGradient, ControlTask, NetworkSpec
    >>> task = ControlTask("evorobo/Phototaxis-v0", max_steps=50, test_episodes=20)
    >>> spec = NetworkSpec.build(task.n_inputs, (8,), task.n_outputs, task.output)
    >>> method = AnalyticGradient.shac(n_envs=8, horizon=10, critic=(16,), critic_iterations=4)
    >>> learner = method.start(task, spec, np.random.default_rng(0))
    >>> for _ in range(5):
    ...     result = learner.step(0.0)
    >>> learner.cost.env_steps, sorted(result.info)[:5]
    (400, ['critic_loss', 'dropped', 'grad_norm', 'noise_sd', 'saturated'])
    """

    optimizer: Optimizer = Adam(0.002, 0.7, 0.95)
    critic_optimizer: Optimizer = Adam(0.002, 0.7, 0.95)
    schedule: Schedule = Linear(0.005)
    n_envs: PositiveInt = 64
    horizon: PositiveInt = 32
    discount: Decay = 0.99
    td_lambda: Probability = 0.95
    critic: tuple[Hidden, ...] = (Dense(64, "elu"), LayerNorm(), Dense(64, "elu"), LayerNorm())
    critic_iterations: PositiveInt = 16
    critic_minibatches: PositiveInt = 4
    target_decay: DecayRate = 0.4
    max_grad_norm: PositiveFloat | None = 1.0
    initial_log_sd: Annotated[float, Limits(le=10)] = -1.0
    reward_scale: PositiveFloat = 1.0
    entropy_coef: NonNegativeFloat = 0.0
    warm_start: Genome | str | None = None
    name: str = "shac"

    def start(self, task: Task, spec: NetworkSpec, rng: np.random.Generator) -> SHACLearner:
        return SHACLearner(self, task, spec, rng)

    def with_warm_start(self, genome: Genome) -> SHAC:
        return replace(self, warm_start=genome)


class SHACLearner(GradientLearner):
    """Running `SHAC`: one `step` is one window, one update of the network, and the fit of the critic."""

    def __init__(self, method: SHAC, task: Task, spec: NetworkSpec, rng: np.random.Generator) -> None:
        if not isinstance(task, HasReturnWindows):
            raise SettingsError(
                f"{task.name} has no gradient over windows of steps; use Backprop or Evolution, or give the task a "
                "method return_windows() (see evorobo.tasks.capabilities.HasReturnWindows)."
            )
        if spec.recurrent:
            raise SettingsError(
                f"{method.name} learns networks without memory; leave the recurrent layers out, or take "
                "AnalyticGradient()."
            )
        self._method = method
        self._windows = task.return_windows(spec, method.n_envs)
        # the logarithms of the standard deviations follow the weights of the network
        log_sd = np.full(spec.n_outputs, method.initial_log_sd)
        super().__init__(method.optimizer, method.warm_start, task, spec, rng, log_sd)
        self._critic_spec = NetworkSpec.build(spec.n_inputs, method.critic, 1)
        self._critic = Critic(self._critic_spec, method.critic_optimizer, method.target_decay, rng)
        self._schedule_state = method.schedule.start()
        self._running, self._finished = np.zeros(method.n_envs), np.full(method.n_envs, np.nan)

    @property
    def cost(self) -> Cost:
        return self._cost + self._critic.cost

    def step(self, budget_fraction: float) -> StepResult:
        method, rng = self._method, self._rng
        factor = method.schedule.factor(budget_fraction, self._schedule_state)
        scaler, log_sd = self._observed.scaler, self._params[self._spec.n_params :]
        with np.errstate(all="ignore"):
            window = self._windows.run(self.genome, log_sd, method.horizon, rng)
            next_values = np.where(window.terminated, 0.0, self._critic.values(window.last_observations, scaler))
            gradient = self._gradient(window)
        if not self._cost.env_steps:
            require_slope(gradient[: self._spec.n_params], window.saturated)
        targets = td_lambda_targets(
            method.reward_scale * window.rewards + method.entropy_coef * window.entropies,
            next_values,
            window.terminated | window.truncated,
            method.discount,
            method.td_lambda,
        )
        self._cost = self._cost + window.cost
        norm = self._climb(gradient, factor)
        critic_loss = self._critic.fit(
            window.observations.reshape(targets.size, -1),
            targets.ravel(),
            scaler,
            iterations=method.critic_iterations,
            minibatches=method.critic_minibatches,
            max_grad_norm=method.max_grad_norm,
            factor=factor,
            rng=rng,
        )
        if not self._critic.is_finite:
            raise self._diverged("weights of the critic", _CURE)
        # the observations of a window change the scaling of the next one only
        self._observed = self._observed + RunningMoments.from_rows(window.observations.reshape(targets.size, -1))
        info = {
            "grad_norm": norm,
            "dropped": self._dropped,
            **saturated_columns(window.saturated),
            "noise_sd": float(np.exp(log_sd).mean()),
            "critic_loss": critic_loss,
        }
        return StepResult(self._mean_return(window), info)

    def _gradient(self, window: Window) -> Array:
        """The derivatives of the mean objective of the window with respect to the weights and `log_sd`."""
        method, ended = self._method, window.terminated | window.truncated
        weights = discounts(ended, method.discount) / ended.size
        # a value stands for what follows at the end of the window, and where a limit of time ends an episode
        valued = ended.copy()
        valued[-1] = True
        valued &= ~window.terminated
        values = np.zeros_like(window.last_observations)
        values[valued] = self._critic.value_gradient(window.last_observations[valued], self._observed.scaler)
        grads = window.gradient(
            method.reward_scale * weights, method.entropy_coef * weights, method.discount * weights[..., None] * values
        )
        return np.concatenate(grads)

    def _climb(self, gradient: Array, factor: float) -> float:
        """Take a step up the gradient, and return its norm before it is shortened."""
        method = self._method
        if not np.isfinite(gradient).all():
            self._dropped += 1
            return 0.0
        norms = gradient_norms(gradient[None])
        if method.max_grad_norm:
            gradient = shorten(gradient[None], norms, method.max_grad_norm)[0]
        self._ascend(gradient, _CURE, factor)
        flops = update_flops(method.optimizer, gradient.size) + SHORTENING_FLOPS * gradient.size
        self._cost = self._cost + Cost(update_flops=round(flops))
        return float(norms[0])

    def _mean_return(self, window: Window) -> float:
        for rewards, ended in zip(window.rewards, window.terminated | window.truncated, strict=True):
            self._running = self._running + rewards
            self._finished = np.where(ended, self._running, self._finished)
            self._running = np.where(ended, 0.0, self._running)
        return float(np.where(np.isnan(self._finished), self._running, self._finished).mean())

    def handed_over(self) -> ActorCritic:
        return ActorCritic(
            self._params[self._spec.n_params :].copy(),
            self._critic_spec,
            self._critic.weights,
            self._observed,
            self._method.discount,
            self._method.reward_scale,
        )

    def take_over(self, parts: Any) -> None:
        if not isinstance(parts, ActorCritic):
            return
        if parts.log_sd is not None:
            self._params[self._spec.n_params :] = parts.log_sd
        same = parts.same_critic(self._critic_spec, self._method.discount, self._method.reward_scale)
        if same and parts.observed.count:
            self._critic.start_at(parts.weights)
            self._observed = parts.observed

    def state(self) -> dict[str, Any]:
        return super().state() | {
            "critic": self._critic.state(),
            "schedule": self._schedule_state,
            "windows": self._windows.state(),
            "running": self._running,
            "finished": self._finished,
        }

    def restore(self, state: dict[str, Any]) -> None:
        super().restore(state)
        self._critic.restore(state["critic"])
        self._schedule_state = state["schedule"]
        self._windows.restore(state["windows"])
        self._running, self._finished = state["running"], state["finished"]
