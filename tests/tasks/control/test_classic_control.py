"""The vectorized pendulum, acrobot and mountain cars equal gymnasium's bit for bit; else they are not used.

But for the pendulum's rewards: gymnasium squares single numbers by C's `pow`, which now and then rounds otherwise.
"""

from dataclasses import replace

import gymnasium
import numpy as np
import pytest
from same_episodes import lengths_alike

from evorobo import ControlTask, NetworkSpec
from evorobo.tasks.control.simulators.gym_env import GymEnvSpec
from evorobo.tasks.control.simulators.lookup import RobotEnvSpec, make_env

IDS = ["Pendulum-v1", "Acrobot-v1", "MountainCar-v0", "MountainCarContinuous-v0"]
everyone = pytest.mark.parametrize("id", IDS)


def torques(rng, sensors):
    return rng.uniform(-2, 2, (len(sensors), 1)).astype(np.float32)


def hard(rng, sensors):
    """As strong as it can be, with the swing now and then: fast enough for the limits of speed."""
    return np.where(rng.random(len(sensors)) < 0.8, 2 * np.sign(sensors[:, 2]), -2)[:, None].astype(np.float32)


def any_move(rng, sensors):
    return rng.integers(3, size=len(sensors))


def swing(rng, sensors):
    """Torque along with the outer link's turn: most swing up."""
    return np.where(rng.random(len(sensors)) < 0.1, 1, np.where(sensors[:, 5] > 0, 2, 0))


def along(rng, sensors):
    """Push where it rolls, often enough to reach the goal and the wall."""
    return np.where(rng.random(len(sensors)) < 0.2, 1, np.where(sensors[:, 1] > 0, 2, 0))


def along_dosed(rng, sensors):
    return (along(rng, sensors) - rng.uniform(0.5, 1.5, len(sensors))).astype(np.float32)[:, None].clip(-1, 1)


@pytest.mark.parametrize(
    ("id", "policy", "rows"),
    [
        ("Pendulum-v1", torques, 20),
        ("Pendulum-v1", hard, 20),
        ("Acrobot-v1", any_move, 4),
        ("Acrobot-v1", swing, 20),
        ("MountainCar-v0", any_move, 10),
        ("MountainCar-v0", along, 40),
        ("MountainCarContinuous-v0", along_dosed, 30),
    ],
)
def test_whole_episodes_are_those_of_gymnasium_to_the_last_bit(id, policy, rows):
    world = make_env(id, {})
    assert isinstance(world, RobotEnvSpec)
    earned = 1e-9 if id == "Pendulum-v1" else 0.0
    assert len(lengths_alike(id, world.simulator(), 1000 + np.arange(rows), policy, earned=earned)) == rows


@everyone
def test_what_the_policies_reach_for_is_reached(id):
    """The comparison above needs episodes that reach a limit or a goal."""
    policy = {"Pendulum-v1": hard, "Acrobot-v1": swing, "MountainCar-v0": along}.get(id, along_dosed)
    world, rng = make_env(id, {}), np.random.default_rng(0)
    rows = world.simulator()
    sensors = rows.reset(np.arange(20), 1)
    extremes, early = [], 0
    for _ in range(world.max_steps - 1):
        extremes.append([rows.state.min(0), rows.state.max(0)])
        sensors, _, ended = rows.step(policy(rng, sensors))
        early += ended.sum()
        rows.keep(~ended)
        sensors = sensors[~ended]
        if not len(sensors):
            break
    low, high = np.min(extremes, 0)[0], np.max(extremes, 0)[1]
    if id == "Pendulum-v1":
        assert (low[1], high[1]) == (-8, 8)
    else:
        assert early > 5
    if id == "MountainCar-v0":
        assert low[0] == -1.2


@everyone
def test_the_spaces_and_the_threshold_are_those_of_gymnasium(id):
    world, reference = make_env(id, {}), gymnasium.make(id)
    assert world.observation_space == reference.observation_space
    assert world.action_space == reference.action_space
    assert (world.max_steps, world.reward_threshold) == (
        reference.spec.max_episode_steps,
        reference.spec.reward_threshold,
    )


@pytest.mark.parametrize(("id", "options"), [("Pendulum-v1", {"g": 9.81}), ("MountainCar-v0", {"goal_velocity": 0.01})])
def test_keyword_arguments_take_the_slow_path_and_are_heard(id, options):
    task = ControlTask(id, env_kwargs=options)
    assert isinstance(task.env_spec, GymEnvSpec)
    (name, value), environment = *options.items(), task.env_spec._make_objects.args[1]().unwrapped
    assert getattr(environment, name) == value


@pytest.mark.parametrize(("id", "options"), [("Pendulum-v1", {"g": 10.0}), ("MountainCar-v0", {"goal_velocity": 0})])
def test_fast_and_slow_path_give_the_same_scores(id, options):
    fast, slow = ControlTask(id, episodes=2), ControlTask(id, episodes=2, env_kwargs=options)
    assert (type(fast.env_spec), type(slow.env_spec)) == (RobotEnvSpec, GymEnvSpec)
    spec = NetworkSpec.build(fast.n_inputs, (5,), fast.n_outputs, fast.output)
    weights = np.random.default_rng(1).normal(size=(6, spec.n_params))
    one, other = (task.score(spec, weights, np.random.default_rng(2), None) for task in (fast, slow))
    np.testing.assert_allclose(one.values, other.values, rtol=1e-9)
    assert replace(one.cost, robot_flops=0) == other.cost  # the slow path runs code that is not traced
