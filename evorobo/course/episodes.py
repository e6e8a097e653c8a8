"""Episodes with random actions, and what estimates of the policy gradient need of each of their steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evorobo.arrays import Array
from evorobo.errors import SettingsError
from evorobo.learners.actor_critic import ActorCritic
from evorobo.learners.policy_gradients.distributions import Categorical, Gaussian
from evorobo.learners.policy_gradients.policy_model import PolicyModel
from evorobo.learners.policy_gradients.rollout import rollout_values, run_rollout
from evorobo.learners.returns import td_lambda_targets
from evorobo.nets.before_tanh import before_tanh
from evorobo.nets.genome import Genome
from evorobo.tasks.rollout_envs import HasRolloutEnvs


@dataclass(frozen=True, eq=False)
class SampledEpisodes:
    """Episodes with random actions; shapes begin with `(n, steps)`.

    Attributes
    ----------
    inputs : array of shape (n, steps, n_inputs)
        The scaled observations.
    scores : array of shape (n, steps, n_outputs)
        The derivative of the log-probability of the action with respect to the outputs of the network, in front of the
        tanh of the last layer where motors have limits; 0 after the end of the episode.
    returns : array of shape (n, steps)
        The discounted sum of the rewards from this step on. At a limit of time the value of the last observation
        follows.
    values : array of shape (n, steps)
        The critic's values of the observations.
    advantages : array of shape (n, steps)
        The advantages of generalized advantage estimation.
    """

    inputs: Array
    scores: Array
    returns: Array
    values: Array
    advantages: Array


def sample_episodes(
    task: HasRolloutEnvs,
    genome: Genome,
    critic: ActorCritic,
    n: int,
    n_steps: int,
    rng: np.random.Generator,
    gae_lambda: float = 0.95,
) -> SampledEpisodes:
    """Run n episodes with the random actions of a policy gradient.

    Parameters
    ----------
    task : Task
        A task whose environments can be stepped, such as `ControlTask`.
    genome : Genome
        The network that acts. It has no memory.
    critic : ActorCritic
        The critic and the noise, as the learner of `PPO` hands them over.
    n : int
        The number of episodes, at least 1.
    n_steps : int
        Steps of an episode that count; the limit of the task for whole episodes.
    rng : numpy.random.Generator
        Source of the actions and of the seeds of the episodes.
    gae_lambda : float, default 0.95
        The weight of longer returns in the advantages, 0 to 1.

    Returns
    -------
    SampledEpisodes
        The episodes.

    Raises
    ------
    SettingsError
        If the network or the critic has memory.

    Examples
    --------
    >>> import numpy as np
    >>> from evorobo import PPO, ControlTask, NetworkSpec, gradient
    >>> from evorobo.course import sample_episodes
    >>> task = ControlTask("CartPole-v1")
    >>> spec = NetworkSpec.build(task.n_inputs, (4,), task.n_outputs, task.output)
    >>> learner = PPO(n_steps=16, critic=(4,)).start(task, spec, np.random.default_rng(0))
    >>> critic, rng = learner.handed_over(), np.random.default_rng(1)
    >>> episodes = sample_episodes(task, learner.genome, critic, 3, 20, rng)
    >>> weights = np.tile(learner.genome.weights, (3, 1))
    >>> factors = episodes.returns - episodes.values
    >>> gradient(spec, weights, episodes.inputs, episodes.scores * factors[..., None]).shape
    (3, 30)
    """
    if genome.spec.recurrent or critic.spec.recurrent:
        raise SettingsError("sample_episodes needs a network and a critic without memory; take dense layers.")
    envs, scaler = task.rollout_envs(n), genome.input_scaler
    model = PolicyModel(
        before_tanh(genome.spec) if envs.bounded else genome.spec,
        critic.spec,
        Categorical(envs.choices) if envs.choices else Gaussian(genome.spec.n_outputs),
        genome.running_stats,
    )
    model.actor_weights[:], model.critic_weights[:] = genome.weights, critic.weights
    if critic.log_sd is not None:
        model.log_sd[:] = critic.log_sd
    envs.reset(rng)
    rollout = run_rollout(envs, model.actor, model.distribution, model.log_sd, scaler, n_steps, rng)
    values, next_values, _ = rollout_values(rollout, model.critic, scaler)
    returns, mixed = (
        td_lambda_targets(critic.reward_scale * rollout.rewards, next_values, rollout.ended, critic.discount, decay)
        for decay in (1.0, gae_lambda)
    )
    outputs, samples = (each.reshape(values.size, -1) for each in (rollout.outputs, rollout.samples))
    is_first = (rollout.starts.cumsum(axis=0) == 0).astype(float).ravel()
    scores, _ = model.distribution.evaluate(outputs, model.log_sd, samples).gradient(is_first, 0.0)
    inputs = scaler.transform(rollout.observations) if scaler else rollout.observations
    arrays = inputs, scores.reshape(rollout.outputs.shape), returns, values, mixed - values
    return SampledEpisodes(*(array.swapaxes(0, 1) for array in arrays))
