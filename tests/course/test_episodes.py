"""Sampled episodes: the policy gradient of one step is exact, and no step counts after the end of an episode."""

import numpy as np
import pytest

import evorobo as er
from evorobo.course import sample_episodes
from evorobo.learners.actor_critic import ActorCritic
from evorobo.nets.before_tanh import before_tanh
from evorobo.nets.scaling import RunningMoments


class Line(er.Robot):
    """A robot on a line: u, whose tanh is the motor, moves it once; the place reached and u both cost their squares."""

    sensors = ("position",)
    motors = ("move",)
    max_steps = 1

    def initial(self, rng):
        return np.array([0.5]) + rng.normal(1.0, 1)

    def observation(self, state, rng):
        return state

    def transition(self, state, action, rng):
        return state + np.arctanh(action)

    def reward(self, state, action, next_state):
        return -np.square(next_state[:, 0]) - np.square(np.arctanh(action[:, 0]))


def critic_of(n_inputs, weights, log_sd=None, reward_scale=1.0):
    spec = er.NetworkSpec.build(n_inputs, (), 1, "identity")
    return ActorCritic(log_sd, spec, np.array(weights), RunningMoments.empty(n_inputs), 0.5, reward_scale)


def test_all_factors_give_the_exact_gradient_of_the_expected_reward():
    er.register(Line, "course/Line-v0")
    task, spec = er.ControlTask("course/Line-v0"), er.NetworkSpec.build(1, (), 1, "tanh")
    gain, bias = -0.3, 0.1
    # E[-(x + u)^2 - u^2] with u = gain x + bias + noise: d/du = -2x - 4u, E[x] = 0.5, E[x^2] = 1.25
    exact = np.array([-2 * 1.25 - 4 * (gain * 1.25 + bias * 0.5), -2 * 0.5 - 4 * (gain * 0.5 + bias)])
    genome = er.Genome(spec, np.array([gain, bias]))
    critic = critic_of(1, [0.0, -2.0], np.log([0.5]))
    n = 8000
    episodes = sample_episodes(task, genome, critic, n, 1, np.random.default_rng(0))
    variances = []
    for factor in (episodes.returns, episodes.returns - episodes.values, episodes.advantages):
        dy = episodes.scores * factor[..., None]
        gradients = er.gradient(before_tanh(spec), np.tile(genome.weights, (n, 1)), episodes.inputs, dy)
        error = gradients.std(0) / np.sqrt(n)
        assert (np.abs(gradients.mean(0) - exact) < 4 * error).all()
        assert error.max() < 0.15
        variances.append(gradients.var(0).sum())
    assert variances[1] < variances[0]  # the critic knows about the mean
    assert variances[2] == pytest.approx(variances[1])  # one step: GAE has nothing to mix


def test_steps_after_the_end_of_an_episode_do_not_count():
    task = er.ControlTask("CartPole-v1", max_steps=60)
    spec = er.NetworkSpec.build(4, (3,), task.n_outputs, task.output)
    genome = er.Genome(spec, spec.init(np.random.default_rng(0)))
    critic = critic_of(4, np.zeros(5), reward_scale=0.1)
    episodes = sample_episodes(task, genome, critic, 30, 60, np.random.default_rng(1), gae_lambda=1.0)
    counts = np.abs(episodes.scores).max(-1) > 0
    lengths = counts.sum(1)
    assert (np.diff(counts.astype(int), axis=1) <= 0).all()
    assert lengths.min() >= 8  # no pole falls sooner
    fallen = lengths < 60
    assert fallen.sum() > 10
    # n rewards of 0.1 follow, each worth half as much as the one before; nothing follows a fallen pole
    assert episodes.returns[fallen, 0] == pytest.approx(0.2 * (1 - 0.5 ** lengths[fallen]), rel=1e-12)
    assert episodes.scores.sum(-1) == pytest.approx(0.0, abs=1e-12)  # probabilities sum to 1
    assert (episodes.advantages == episodes.returns).all()


def test_networks_with_memory_are_refused():
    task = er.ControlTask("CartPole-v1")
    spec = er.NetworkSpec.build(4, (er.Elman(2),), task.n_outputs, task.output)
    genome = er.Genome(spec, spec.init(np.random.default_rng(0)))
    with pytest.raises(er.SettingsError, match="without memory; take dense layers"):
        sample_episodes(task, genome, critic_of(4, np.zeros(5)), 2, 5, np.random.default_rng(0))
