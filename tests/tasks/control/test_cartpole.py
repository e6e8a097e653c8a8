"""The vectorized CartPole equals gymnasium's bit for bit; where it would not, it is not used."""

from dataclasses import replace

import gymnasium
import numpy as np
import pytest
from gymnasium.wrappers import TransformReward
from same_episodes import lengths_alike

from evorobo import ControlTask, NetworkSpec, SettingsError
from evorobo.tasks.control.simulators.cartpole import CartPole
from evorobo.tasks.control.simulators.gym_env import GymEnvSpec
from evorobo.tasks.control.simulators.lookup import RobotEnvSpec, make_env
from evorobo.tasks.control.simulators.vectorized import VectorizedSimulator


def at_random(rng, sensors):
    return rng.integers(2, size=len(sensors))


def by_rule(rng, sensors):
    """Keeps most poles up for long: push to where the pole leans and falls, but for a random push now and then."""
    x, speed, angle, turn = sensors.T
    rule = (angle + 0.3 * turn + 0.05 * x + 0.1 * speed > 0).astype(int)
    return np.where(rng.random(len(sensors)) < 0.1, 1 - rule, rule)


@pytest.mark.parametrize(("policy", "rows"), [(at_random, 200), (by_rule, 12)])
def test_whole_episodes_are_those_of_gymnasium_to_the_last_bit(policy, rows):
    def states(simulator, environments):
        np.testing.assert_array_equal(simulator.state, np.stack([each.unwrapped.state for each in environments]))

    lengths = lengths_alike(
        "CartPole-v1", VectorizedSimulator(CartPole(), 500), 1000 + np.arange(rows), policy, look=states
    )
    assert len(lengths) == rows


def steady(rng, sensors):
    return (sensors @ [0.05, 0.1, 1, 0.3] > 0).astype(int)


def test_a_balanced_pole_is_cut_off_after_500_steps():
    simulator = VectorizedSimulator(CartPole(), 500)
    sensors = simulator.reset(np.arange(5), 2)
    for step in range(1, 501):
        sensors, _, ended = simulator.step(steady(None, sensors))
        assert ended.tolist() == [step == 500] * 10


def test_the_spaces_and_the_threshold_are_those_of_gymnasium():
    world, reference = make_env("CartPole-v1", {}), gymnasium.make("CartPole-v1")
    assert isinstance(world, RobotEnvSpec)
    assert world.observation_space == reference.observation_space
    assert world.action_space == reference.action_space
    assert (world.max_steps, world.reward_threshold) == (500, 475)


@pytest.fixture
def registered():
    """Register for one test."""
    made = []

    def register(id, **settings):
        gymnasium.register(id, "gymnasium.envs.classic_control.cartpole:CartPoleEnv", **settings)
        made.append(id)
        return id

    yield register
    for id in made:
        gymnasium.registry.pop(id)


def pushing_left(task, members=2):
    """The scores of networks that always push to the left: the pole falls after some ten steps."""
    spec = NetworkSpec.build(4, (), 2)
    weights = np.zeros((members, spec.n_params))
    spec.unpack(weights)[-1]["bias"][:, 0] = 1
    return task.score(spec, weights, np.random.default_rng(0), None).values


def test_another_reward_takes_the_slow_path_and_is_earned():
    task = ControlTask("CartPole-v1", env_kwargs={"sutton_barto_reward": True})
    assert isinstance(task.env_spec, GymEnvSpec)
    assert pushing_left(task).tolist() == [-1, -1]  # 0 for a step, -1 for the fall


def test_a_registered_wrapper_takes_the_slow_path_and_works(registered):
    wrapper = gymnasium.envs.registration.WrapperSpec("Half", f"{__name__}:Half", {})
    task = ControlTask(registered("odd/HalfCartPole-v0", max_episode_steps=500, additional_wrappers=(wrapper,)))
    assert isinstance(task.env_spec, GymEnvSpec)
    np.testing.assert_array_equal(pushing_left(task), pushing_left(ControlTask("CartPole-v1")) / 2)


class Half(TransformReward):
    def __init__(self, env):
        super().__init__(env, lambda reward: reward / 2)


def test_an_id_registered_with_an_option_takes_the_slow_path(registered):
    task = ControlTask(registered("odd/SuttonCartPole-v0", max_episode_steps=9, kwargs={"sutton_barto_reward": True}))
    assert isinstance(task.env_spec, GymEnvSpec)


@pytest.mark.parametrize("options", [{}, {"sutton_barto_reward": False}], ids=["vectorized", "one by one"])
def test_max_steps_cuts_episodes_off(options):
    assert pushing_left(ControlTask("CartPole-v1", env_kwargs=options, max_steps=6)).tolist() == [6, 6]


def test_the_limit_of_the_id_counts(registered):
    assert make_env("CartPole-v0", {}).max_steps == 200
    task = ControlTask(registered("odd/ShortCartPole-v0", max_episode_steps=4))
    assert isinstance(task.env_spec, RobotEnvSpec)
    assert pushing_left(task).tolist() == [4, 4]


def test_an_id_without_a_limit_is_not_given_one(registered):
    with pytest.raises(SettingsError, match="has no limit of steps; give the task max_steps"):
        make_env(registered("odd/EndlessCartPole-v0"), {})


def test_fast_and_slow_path_give_the_same_scores():
    rng = np.random.default_rng(1)
    spec = NetworkSpec.build(4, (5,), 2)
    weights = rng.normal(size=(20, spec.n_params))
    fast, slow = (
        ControlTask("CartPole-v1", episodes=3, max_steps=100, env_kwargs=options)
        for options in ({}, {"sutton_barto_reward": False})
    )
    assert (type(fast.env_spec), type(slow.env_spec)) == (RobotEnvSpec, GymEnvSpec)
    one, other = (task.score(spec, weights, np.random.default_rng(2), None) for task in (fast, slow))
    np.testing.assert_array_equal(one.values, other.values)
    assert replace(one.cost, robot_flops=0) == other.cost  # the slow path runs code that is not traced
