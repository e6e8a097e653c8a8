"""MuJoCo's robots stepped together tell the stories of gymnasium's environments; where they would not, they do not."""

import gymnasium
import numpy as np
import pytest
from same_episodes import lengths_alike

from evorobo import ControlTask, NetworkSpec, TaskError
from evorobo.tasks.control.simulators import lookup
from evorobo.tasks.control.simulators.gym_env import GymEnvSpec
from evorobo.tasks.control.simulators.lookup import MujocoEnvSpec, make_env, mujoco_robots
from evorobo.tasks.control.simulators.mujoco import physics
from evorobo.tasks.control.simulators.mujoco.physics import has_batch

if not has_batch():
    pytest.skip("needs mujoco 4 or later: pip install 'evorobo[mujoco]'", allow_module_level=True)

IDS = sorted(spec.id for spec in gymnasium.registry.values() if spec.entry_point in mujoco_robots())
everyone = pytest.mark.parametrize("id", IDS)


def random_policy(id):
    """Now strong, now weak: falls and long runs."""
    box = make_env(id, {}).action_space

    def policy(rng, sensors):
        strength = rng.choice([0.1, 1.0], (len(sensors), 1))
        return (strength * rng.uniform(box.low, box.high, (len(sensors), *box.shape))).astype(np.float32)

    return policy


def test_all_ten_robots_of_version_5_are_there():
    assert len(IDS) == 10
    assert all(isinstance(make_env(id, {}), MujocoEnvSpec) for id in IDS)


@everyone
def test_whole_episodes_are_those_of_gymnasium(id):
    assert len(lengths_alike(id, make_env(id, {}).simulator(), [1000, 1001, 1002], random_policy(id), atol=1e-9)) == 3


@everyone
def test_the_spaces_and_the_threshold_are_those_of_gymnasium(id):
    world, reference = make_env(id, {}), gymnasium.make(id)
    assert (world.observation_space, world.action_space) == (reference.observation_space, reference.action_space)
    assert (world.max_steps, world.reward_threshold) == (
        reference.spec.max_episode_steps,
        reference.spec.reward_threshold,
    )


def population(task, members=5):
    spec = NetworkSpec.build(task.n_inputs, (4,), task.n_outputs, task.output)
    return spec, np.random.default_rng(0).normal(size=(members, spec.n_params))


def scored(task, weights=slice(None)):
    spec, everybody = population(task)
    return task.score(spec, everybody[weights], np.random.default_rng(3), None)


def task(id, **settings):
    return ControlTask(id, episodes=2, max_steps=60, **settings)


both_kinds = pytest.mark.parametrize("id", ["Hopper-v5", "Ant-v5"])


@both_kinds
@pytest.mark.parametrize("threads", ["1", "3"])
def test_scores_do_not_depend_on_the_number_of_threads(id, threads, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    reference = scored(task(id)).values
    monkeypatch.setenv("OMP_NUM_THREADS", threads)
    np.testing.assert_array_equal(scored(task(id)).values, reference)


@both_kinds
def test_a_member_scores_in_a_crowd_what_it_scores_alone(id):
    together = scored(task(id))
    alone = [scored(task(id), slice(member, member + 1)).values[0] for member in range(5)]
    np.testing.assert_array_equal(alone, together.values)


def test_more_robots_than_are_kept_are_run_in_turns(monkeypatch):
    reference = scored(task("Ant-v5"))
    monkeypatch.setattr(physics.ContactPhysics, "capacity", 4)
    np.testing.assert_array_equal(scored(task("Ant-v5")).values, reference.values)


@both_kinds
def test_who_has_ended_is_stepped_no_more(id):
    simulator = make_env(id, {})._simulator
    simulator.reset(np.arange(3), 1)
    simulator.keep(np.array([True, False, True]))
    before = simulator._physics.now(np.arange(3)).qpos
    simulator.step(np.ones((2, make_env(id, {}).action_space.shape[0])))
    assert (simulator._physics.now(np.arange(3)).qpos != before).any(1).tolist() == [True, False, True]


def test_an_ant_feels_the_ground():
    simulator = make_env("Ant-v5", {}).simulator()
    felt = [simulator.reset(np.arange(2), 1)[:, 27:]]
    felt += [simulator.step(np.zeros((2, 8)))[0][:, 27:] for _ in range(20)]
    assert np.abs(felt).max(axis=(0, 2)).tolist() == [1, 1]  # cut at 1 N


@pytest.mark.parametrize(
    ("id", "option", "usual"),
    [("Hopper-v5", "ctrl_cost_weight", 1e-3), ("Ant-v5", "healthy_reward", 1.0), ("Reacher-v5", "frame_skip", 2)],
)
def test_options_take_the_slow_path_and_are_heard(id, option, usual):
    fast, slow, other = task(id), task(id, env_kwargs={option: usual}), task(id, env_kwargs={option: 2 * usual})
    assert [type(each.env_spec) for each in (fast, slow, other)] == [MujocoEnvSpec, GymEnvSpec, GymEnvSpec]
    np.testing.assert_allclose(scored(slow).values, scored(fast).values, rtol=0, atol=1e-9)
    assert scored(slow).cost == scored(fast).cost
    assert np.abs(scored(other).values - scored(slow).values).min() > 1e-6


def test_where_mujoco_has_no_batch_environments_are_stepped_one_by_one(monkeypatch):
    monkeypatch.setattr(lookup, "has_batch", lambda: False)
    assert isinstance(task("Hopper-v5").env_spec, GymEnvSpec)


def test_a_body_that_flies_apart_ends_the_run_with_a_sentence(monkeypatch):
    runaway = task("HalfCheetah-v5")
    monkeypatch.setattr(runaway.env_spec._simulator._robot, "observation", lambda now: now.qpos[:, :1] * np.nan)
    with pytest.raises(TaskError, match=r"HalfCheetah-v5 returned observations of shape .* the physics diverged"):
        scored(runaway)
