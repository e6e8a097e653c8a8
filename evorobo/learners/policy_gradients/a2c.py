"""A2C: the settings with which proximal policy optimization is advantage actor-critic."""

from __future__ import annotations

from dataclasses import dataclass

from evorobo.docstrings import inherit_docs
from evorobo.fields import PositiveInt, Probability
from evorobo.learners.policy_gradients.ppo import PPO
from evorobo.nets.optimizers import Optimizer, RMSprop
from evorobo.registry import register_component


@register_component("method", "A2C")
@dataclass(frozen=True)
@inherit_docs
class A2C(PPO):
    """Advantage actor-critic: `PPO` with one update after a few steps, in which nothing is clipped.

    These settings make it what other libraries call A2C (Huang et al. 2022): a single pass over each rollout of 5 steps
    as one minibatch, in which all ratios are 1; advantages from the whole rollout (`gae_lambda=1`) that are not
    normalized; and RMSprop. All of them can be changed. The other settings are those of `PPO`, explained there.

    Parameters
    ----------
    optimizer : Optimizer, default RMSprop(0.0007, epsilon=1e-5)
        Rule that turns gradients into steps.
    schedule : Schedule, default Linear()
        Learning rate over the budget.
    n_envs : int, default 8
        Environments, at least 1.
    n_steps : int, default 5
        Steps of each environment in a rollout, at least 1.
    n_epochs : int, default 1
        Passes over each rollout, at least 1.
    batch_size : int or None, default None
        Steps in a minibatch; None is the whole rollout.
    discount : float, default 0.99
        Factor, above 0 and at most 1, by which a reward counts less for each step before it.
    gae_lambda : float, default 1.0
        Weight, 0 to 1, of longer returns in the advantages.
    clip_range : float, default 0.2
        How far from 1 the ratio of new and old probability of an action can go with gain, above 0.
    clip_range_vf : float or None, default None
        How far a value can go from the old one, above 0.
    normalize_advantage : bool, default False
        Whether advantages have mean 0 and standard deviation 1.
    entropy_coef : float, default 0.0
        Weight of the entropy, 0 or more.
    value_coef : float, default 0.5
        Weight of the critic's mean squared error, above 0.
    max_grad_norm : float or None, default 0.5
        Largest norm of the gradient of network, standard deviations and critic together, above 0.
    target_kl : float or None, default None
        Passes over a rollout end before a minibatch whose mean Kullback-Leibler divergence from the policy that acted
        exceeds 1.5 times this value, above 0.
    reward_scale : float, default 1.0
        Factor, above 0, of the rewards from which the method learns.
    normalize_rewards : bool, default False
        Whether these are divided by the standard deviation of their discounted sums so far.
    critic : tuple of int or layer, default (64, 64)
        Hidden layers of the critic.
    initial_log_sd : float or None, default None
        Logarithm of the standard deviations at the start.
    orthogonal : bool, default False
        Whether the first weights are orthogonal matrices times sqrt(2), in the last layer times 0.01 (critic: 1), and
        biases 0.
    warm_start : str, Genome or None, default None
        The genome at which learning starts, or its file, as in `Backprop`.
    dtype : {"float64", "float32"}, default "float64"
        Precision of the networks, while they act in rollouts and learn; see `PPO`.
    compiled : bool, default False
        Learn from rollouts in machine code; see `PPO`.
    name : str, default "a2c"
        Name in folders, tables and figures.

    Raises
    ------
    SettingsError
        As `PPO`.

    References
    ----------
    Mnih et al. (2016), "Asynchronous methods for deep reinforcement learning"; Huang et al. (2022), "A2C is a special
    case of PPO".

    Examples
    --------
    >>> from evorobo import A2C
    >>> A2C(n_envs=16).n_steps
    5
    """

    optimizer: Optimizer = RMSprop(0.0007, epsilon=1e-5)
    n_steps: PositiveInt = 5
    n_epochs: PositiveInt = 1
    batch_size: PositiveInt | None = None
    gae_lambda: Probability = 1.0
    normalize_advantage: bool = False
    name: str = "a2c"
