"""Any gymnasium environment, one object at a time: the same story as a plain loop, bad habits told in a sentence."""

import gymnasium
import numpy as np
import pytest
from odd_environments import Pair  # the module registers its ids

from evorobo import ControlTask, NetworkSpec, SettingsError, TaskError
from evorobo.nets.controller import Controller
from evorobo.tasks.control.rollout import TRAIN, VALIDATION
from evorobo.tasks.control.simulators.gym_env import GymEnvSpec
from evorobo.tasks.control.simulators.sync import SyncSimulator
from evorobo.testing import check_task

IDS = ["odd/Mixed-v0", "odd/Pair-v0"]


def population(task, members=7):
    spec = NetworkSpec.build(task.n_inputs, (5,), task.n_outputs, task.output)
    return spec, np.random.default_rng(0).normal(0, 1.5, (members, spec.n_params))


@pytest.mark.parametrize("id", IDS)
def test_scores_are_those_of_a_plain_loop(id):
    task = ControlTask(id, max_steps=12)
    assert isinstance(task.env_spec, GymEnvSpec)
    spec, weights = population(task)
    scored = task.score(spec, weights, np.random.default_rng(3), None)
    (seed,) = np.random.default_rng(3).integers(TRAIN, VALIDATION, 1)
    environment, steps = gymnasium.make(id, max_episode_steps=12), 0
    for member, expected in zip(weights, scored.values, strict=True):
        controller, earned, over = Controller(spec, member), 0.0, False
        observation, _ = environment.reset(seed=int(seed))
        while not over:
            flat = gymnasium.spaces.flatten(environment.observation_space, observation)
            outputs = controller(flat[None, None])
            action = task.decoder.to_env_action(task.decoder.actions(outputs)[0, 0])
            assert environment.action_space.contains(action)
            observation, reward, terminated, truncated, _ = environment.step(action)
            earned, over, steps = earned + float(reward), terminated or truncated, steps + 1
        assert earned == expected
    assert scored.cost.env_steps == steps
    assert len(set(scored.values)) > 1


@pytest.mark.parametrize("id", IDS)
def test_how_many_environments_are_kept_changes_no_score(id, monkeypatch):
    task = ControlTask(id, episodes=3, max_steps=12)
    spec, weights = population(task)
    scores = []
    for capacity in (64, 7, 3):  # all 21 robots at once, two members at a time, one
        monkeypatch.setattr(SyncSimulator, "capacity", capacity)
        scores.append(task.score(spec, weights, np.random.default_rng(3), None))
    for other in scores[1:]:
        np.testing.assert_array_equal(other.values, scores[0].values)
        assert other.cost == scores[0].cost


def test_a_member_with_more_episodes_than_environments_plays_them_in_turns(monkeypatch):
    task = ControlTask("odd/Mixed-v0", episodes=5)
    spec, weights = population(task)
    at_once = task.score(spec, weights, np.random.default_rng(3), None)
    monkeypatch.setattr(SyncSimulator, "capacity", 2)
    in_turns = task.score(spec, weights, np.random.default_rng(3), None)
    np.testing.assert_allclose(in_turns.values, at_once.values, rtol=1e-12)
    assert len(task.env_spec._simulator._objects._environments) >= 2


def up(observation):
    """A teacher for Mixed that looks at both parts of its observation."""
    return np.array([1, observation["place"][1] < 0, observation["gear"] == 0], np.int8)


def test_demonstrations_in_turns_keep_their_episodes_apart(monkeypatch):
    shown = []
    for capacity in (64, 4):
        monkeypatch.setattr(SyncSimulator, "capacity", capacity)
        task = ControlTask("odd/Mixed-v0", teacher=up, n_demonstrations=10)
        shown.append(task.demonstrate(np.random.default_rng(0)))
    one, other = shown
    assert np.unique(other.episode).tolist() == list(range(10))
    for name in ("observations", "actions", "episode"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    for name in ("rewards", "final_observations", "terminated"):
        np.testing.assert_array_equal(getattr(one.metadata, name), getattr(other.metadata, name))


def fails(how, match):
    task = ControlTask("odd/Breaks-v0", env_kwargs={"how": how}, episodes=2)
    spec, weights = population(task)
    with pytest.raises(TaskError, match=match):
        task.score(spec, weights, np.random.default_rng(0), None)


def test_an_environment_that_raises_is_reported_with_id_step_and_seed():
    seed = np.random.default_rng(0).integers(TRAIN, VALIDATION, 2)[0]
    fails(
        "raise", rf"odd/Breaks-v0 raised OSError in step\(\) at step 3 of the episode with seed {seed}: the wheel came"
    )


def test_an_environment_that_raises_in_reset_is_reported():
    fails("raise in reset", r"odd/Breaks-v0 raised OSError in reset\(\) at step 0 .* no power")


def test_an_observation_that_is_not_a_number_is_reported_with_id_and_step():
    fails("NaN observation", "odd/Breaks-v0 returned observations with nan at step 3; fix the environment")


def test_an_infinite_reward_is_reported_with_id_and_step():
    fails("infinite reward", "odd/Breaks-v0 returned rewards with inf at step 3; fix the environment")


@pytest.mark.parametrize(("how", "shown"), [("array of two", r"array\(\[0.5, 1. \]\)"), ("no reward", "None")])
def test_a_reward_that_is_no_number_is_reported_with_id_and_step(how, shown):
    fails(how, rf"odd/Breaks-v0 returned the reward {shown} from step\(\) at step 3; return one number")


def test_a_reward_in_an_array_of_one_number_counts_as_that_number():
    task = ControlTask("odd/Breaks-v0", max_steps=4, env_kwargs={"how": "array of one"})
    assert set(task.score(*population(task), np.random.default_rng(0), None).values) == {0.5}


def test_observations_of_another_length_are_reported_with_id_and_step():
    fails("long observation", r"odd/Breaks-v0 returned observations of shape \(14, 3\), not \(14, 2\), at step 3")


def test_an_environment_without_an_end_asks_for_one():
    with pytest.raises(SettingsError, match="odd/Endless-v0 has no limit of steps; give the task max_steps="):
        ControlTask("odd/Endless-v0").env_spec  # noqa: B018
    assert ControlTask("odd/Endless-v0", max_steps=3).env_spec.max_steps == 3


def old_step(self, action):
    observation, reward, terminated, truncated, info = Pair.step(self, action)
    return observation, reward, terminated or truncated, info


def old_reset(self, *, seed=None, options=None):
    return Pair.reset(self, seed=seed)[0]


def list_of_reset(self, *, seed=None, options=None):
    return list(Pair.reset(self, seed=seed))


@pytest.mark.parametrize(
    ("members", "answer"),
    [
        (
            {"step": old_step},
            r"step\(\).*; return five values from step\(\): observation, reward, terminated, truncated",
        ),
        ({"reset": old_reset}, r"returned a tuple.*; return a pair: the observation and a dict"),
        ({"reset": list_of_reset}, r"returned a list.*; return a pair: the observation and a dict"),
    ],
)
def test_the_older_interface_of_environments_is_named_with_the_cure(members, answer):
    id = f"old/{'-'.join(members)}{len(gymnasium.registry)}-v0"
    gymnasium.register(id, type("Old", (Pair,), members), max_episode_steps=5, disable_env_checker=True)
    task = ControlTask(id, test_episodes=2)
    spec = NetworkSpec.build(task.n_inputs, (), task.n_outputs, task.output)
    with pytest.raises(TaskError, match=answer):
        task.score(spec, np.zeros((2, spec.n_params)), np.random.default_rng(0), None)
    with pytest.raises(TaskError, match=answer):
        check_task(task)


def test_images_are_refused_with_the_way_out():
    with pytest.raises(SettingsError, match=r"shows images of shape \(8, 8, 3\), and networks here read sensors"):
        ControlTask("odd/Images-v0").n_inputs  # noqa: B018


def test_an_unknown_option_of_an_environment_is_reported():
    with pytest.raises(SettingsError, match=r"Pendulum-v1 cannot be made with these options: .*gravity"):
        ControlTask("Pendulum-v1", env_kwargs={"gravity": 3}).env_spec  # noqa: B018


def steer(observation):
    """The teacher of Line, for all its forms."""
    if isinstance(observation, dict):
        observation = observation["cart"]
    x, v = np.ravel(observation[0] if isinstance(observation, tuple) else observation)
    return np.clip(np.array([-3 * x - 3 * v], np.float32), -1, 1)


TYPES = {
    "list, then floats": {"first": "list"},
    "whole numbers, then floats": {"first": "int64"},
    "bytes, then floats": {"first": "uint8"},
    "single, then double precision": {"first": "float32"},
    "declared as whole numbers": {"declared": "int64"},
    "declared as bytes": {"declared": "uint8"},
    "bytes in a Dict": {"declared": "uint8", "form": "dict"},
    "a matrix of whole numbers": {"declared": "int32", "form": "matrix"},
    "a whole part of a Dict": {"declared": "int16", "form": "dict"},
    "a whole part of a Tuple": {"declared": "int8", "first": "list", "form": "tuple"},
}


@pytest.mark.filterwarnings("ignore:.*Box low's precision:UserWarning", "ignore:.*Box high's precision:UserWarning")
@pytest.mark.parametrize("types", TYPES.values(), ids=TYPES)
def test_types_of_first_or_declared_observations_do_not_change_later_ones(types):
    def task(**env_kwargs):
        return ControlTask("odd/Line-v0", env_kwargs=env_kwargs, teacher=steer, test_episodes=5, n_demonstrations=3)

    plain, odd = task(), task(**types)
    assert odd.references() == plain.references()
    assert -6 < odd.references()["teacher"] < -3
    spec, weights = population(plain)
    scores = [one.score(spec, weights, np.random.default_rng(3), None).values for one in (plain, odd)]
    np.testing.assert_array_equal(*scores)
    shown = [one.demonstrate(np.random.default_rng(0)) for one in (plain, odd)]
    np.testing.assert_array_equal(shown[0].observations, shown[1].observations)
    np.testing.assert_array_equal(shown[0].actions, shown[1].actions)


@pytest.mark.parametrize("dtype", ["int64", "int8", "float32"])
def test_a_clone_of_the_best_gear_earns_the_largest_return(dtype):
    task = ControlTask(
        "odd/Gears-v0", env_kwargs={"dtype": dtype}, teacher=lambda _: np.array([2, 1]), n_demonstrations=2
    )
    assert task.references()["teacher"] == 20
    targets = task.examples(np.random.default_rng(0)).targets
    np.testing.assert_array_equal(targets, np.tile([1.0, 0.0], (20, 1)))
    spec = NetworkSpec.build(1, (), 2, task.output)
    weights = np.array([[0.0, 0.0, 5.0, 5.0]])  # tanh(5) is 0.9999
    assert task.score(spec, weights, np.random.default_rng(0), None).values[0] == pytest.approx(20, abs=0.01)
