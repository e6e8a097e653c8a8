"""Measures of behavior equal those of each robot alone, and do not change an episode."""

import gymnasium
import numpy as np
import odd_environments  # noqa: F401 - its ids are used
import pytest

from evorobo import ControlTask, NetworkSpec, SettingsError
from evorobo.nets.scaling import Scaler
from evorobo.tasks.control.policies import Networks
from evorobo.tasks.control.robots.maze import Maze
from evorobo.tasks.control.rollout import TRAIN, VALIDATION

MEMBERS, EPISODES = 5, 3


def network(task, seed=0):
    spec = NetworkSpec.build(task.n_inputs, (4,), task.n_outputs, task.output)
    rng = np.random.default_rng(seed)
    return spec, rng.normal(size=(MEMBERS, spec.n_params))


def alone(task, spec, weights, seed):
    """One member's episode in gymnasium's own environment: actions, and the environment at its end."""
    environment, actions = gymnasium.make(task.env, max_episode_steps=task.max_steps), []
    driver = Networks(task.decoder, spec, weights[None]).policy()
    observation, _ = environment.reset(seed=int(seed))
    ended = False
    while not ended:
        action = driver(np.asarray(observation, np.float32).reshape(1, 1, -1))[0, 0]
        actions.append(action)
        observation, _, terminated, truncated, _ = environment.step(task.decoder.to_env_action(action))
        ended = terminated or truncated
    return np.array(actions), environment.unwrapped


@pytest.mark.parametrize("env", ["evorobo/Maze-v0", "Pendulum-v1", "MountainCarContinuous-v0", "CartPole-v1"])
def test_measures_equal_those_of_each_robot_alone(env):
    task = ControlTask(env, episodes=EPISODES, max_steps=25)
    spec, weights = network(task)
    names = list(task.measures)
    told = task.score_with_measures(names, spec, weights, np.random.default_rng(7), None).measures
    seeds = np.random.default_rng(7).integers(TRAIN, VALIDATION, EPISODES)
    for member in range(MEMBERS):
        lives = [alone(task, spec, weights[member], seed) for seed in seeds]
        expected = {"steps": np.mean([len(actions) for actions, _ in lives])}
        if "energy" in names:
            reach = task.env_spec.action_space.high[0]
            expected["energy"] = np.mean([np.square(actions / reach).mean() for actions, _ in lives])
        if "x" in names:
            ends = np.array([environment._state[0, :2] for _, environment in lives])
            expected |= {"x": ends[:, 0].mean(), "y": ends[:, 1].mean()}
        np.testing.assert_allclose(told[member], [expected[name] for name in names], rtol=1e-6)  # single precision


def test_scores_with_measures_equal_those_without():
    task = ControlTask("evorobo/Maze-v0", episodes=2, max_steps=30)
    spec, weights = network(task)
    inputs = Scaler(np.full(task.n_inputs, 0.1), np.full(task.n_inputs, 2.0))
    plain = task.score(spec, weights, np.random.default_rng(1), inputs)
    watched = task.score_with_measures(["y", "x"], spec, weights, np.random.default_rng(1), inputs)
    np.testing.assert_array_equal(watched.values, plain.values)
    assert watched.cost == plain.cost
    assert plain.measures is None
    assert watched.measures.shape == (MEMBERS, 2)


def test_measures_do_not_depend_on_who_else_is_watched_or_in_which_batches():
    task = ControlTask("odd/Mixed-v0", episodes=EPISODES, max_steps=20)  # one environment holds one robot at a time
    spec, weights = network(task)
    told = task.score_with_measures(["steps"], spec, weights, np.random.default_rng(2), None)
    for member in range(MEMBERS):
        one = task.score_with_measures(["steps"], spec, weights[[member]], np.random.default_rng(2), None)
        np.testing.assert_array_equal(one.measures[0], told.measures[member])
    assert told.measures.sum() * EPISODES == pytest.approx(told.cost.env_steps)


def test_more_force_is_more_energy():
    task = ControlTask("Pendulum-v1", max_steps=10)
    spec, weights = network(task)
    told = [
        task.score_with_measures(["energy"], spec, weights * by, np.random.default_rng(0), None).measures
        for by in (0.1, 10)
    ]
    assert (told[0] < told[1]).all()
    assert told[1].max() <= 1


def test_a_measure_that_an_environment_lacks_is_reported_with_the_nearest():
    task = ControlTask("evorobo/Maze-v0")
    spec, weights = network(task)
    assert list(task.measures) == ["energy", "steps", *Maze.measures]
    with pytest.raises(SettingsError, match="unknown measure of evorobo/Maze-v0 'step'; did you mean 'steps'"):
        task.score_with_measures(["step"], spec, weights, np.random.default_rng(0), None)
    assert list(ControlTask("CartPole-v1").measures) == ["steps"]
