"""Episodes in lock step: returns and lengths are right, ended episodes rest, and members are independent."""

import gymnasium
import numpy as np
import pytest

from evorobo import ControlTask, NetworkSpec
from evorobo.nets.controller import Controller
from evorobo.nets.scaling import Scaler
from evorobo.tasks.control.rollout import TRAIN, VALIDATION, run_episodes


class Candles:
    """Row (copy c, episode e) burns for `seeds[e] + c` ticks; tick t earns t. Senses its copy and its seed."""

    capacity = None

    def __init__(self):
        self.stepped = 0

    def reset(self, seeds, copies):
        self.senses = np.stack([np.repeat(np.arange(copies), len(seeds)), np.tile(seeds, copies)], axis=1).astype(float)
        self.time = 0
        return self.senses

    def step(self, actions):
        np.testing.assert_array_equal(actions, self.senses.sum(1))  # each row gets its own answer
        self.stepped += len(actions)
        self.time += 1
        return self.senses, np.full(len(actions), float(self.time)), self.senses.sum(1) <= self.time

    def keep(self, rows):
        self.senses = self.senses[rows]


class Sums:
    """Answers each row with the sum of its observation, and knows which members it still drives."""

    def __init__(self, members):
        self.members = np.arange(members)
        self.widths = []

    def __call__(self, observations):
        np.testing.assert_array_equal(observations[:, 0, 0], self.members)
        self.widths.append(len(observations))
        return observations.sum(2)

    def keep(self, members):
        self.members = self.members[members]


SEEDS = np.array([3, 1, 5])


def test_returns_and_lengths_are_those_worked_out_by_hand():
    # lengths: copy 0 burns 3, 1, 5 ticks, copy 1 one more, copy 2 two more; a life of n ticks earns n (n + 1) / 2
    rollout = run_episodes(Candles(), Sums(3), SEEDS, 3)
    assert rollout.steps.tolist() == [[3, 1, 5], [4, 2, 6], [5, 3, 7]]
    assert rollout.returns.tolist() == [[6, 1, 15], [10, 3, 21], [15, 6, 28]]


def test_robots_that_have_ended_are_not_stepped_on():
    candles = Candles()
    rollout = run_episodes(candles, Sums(3), SEEDS, 3)
    assert candles.stepped == rollout.steps.sum() == 36


def test_members_without_running_robots_leave_the_batch():
    driver = Sums(10)
    run_episodes(Candles(), driver, np.array([1]), 10)
    assert driver.widths[0] == 10
    assert driver.widths[-1] == 1
    assert driver.widths == sorted(driver.widths, reverse=True)


def test_the_watcher_sees_each_robot_in_each_tick_of_its_life_with_its_action():
    seen = []
    rollout = run_episodes(Candles(), Sums(2), SEEDS, 2, lambda *tick: seen.append(tick), first=100)
    robots = np.concatenate([tick[0] for tick in seen])
    observations, actions = (np.concatenate([tick[at] for tick in seen]) for at in (1, 2))
    assert np.bincount(robots - 100).tolist() == rollout.steps.ravel().tolist()
    np.testing.assert_array_equal(observations[:, 0], (robots - 100) // 3)
    np.testing.assert_array_equal(observations[:, 1], SEEDS[(robots - 100) % 3])
    np.testing.assert_array_equal(actions, observations.sum(1))


TASKS = [
    ControlTask("evorobo/Phototaxis-v0", max_steps=60),
    ControlTask("evorobo/WallFollowing-v0", max_steps=120),
    ControlTask("CartPole-v1", max_steps=120),
]


def population(task, members):
    rng = np.random.default_rng(0)
    spec = NetworkSpec.build(task.n_inputs, (6,), task.n_outputs, task.output)
    return spec, rng.normal(0, 0.7, (members, spec.n_params))


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
@pytest.mark.parametrize("episodes", [1, 3])
def test_a_population_scores_like_its_members_alone_and_in_parts_bit_for_bit(task, episodes):
    task = ControlTask(task.env, episodes=episodes, max_steps=task.max_steps)
    spec, weights = population(task, 23)
    scaling = Scaler(np.full(task.n_inputs, 0.1), np.full(task.n_inputs, 0.8))

    def scored(members):
        return task.score(spec, weights[members], np.random.default_rng(1), scaling)

    together = scored(slice(None))
    assert len(np.unique(together.values)) > 5
    for parts in (range(23), np.split(np.arange(23), [2, 9, 10])):
        some = [scored(np.atleast_1d(part)) for part in parts]
        np.testing.assert_array_equal(np.concatenate([each.values for each in some]), together.values)
        assert sum(each.cost.env_steps for each in some) == together.cost.env_steps


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_scores_are_those_of_a_plain_loop_over_gymnasium_make(task):
    spec, weights = population(task, 4)
    scored = task.score(spec, weights, np.random.default_rng(1), None)
    (seed,) = np.random.default_rng(1).integers(TRAIN, VALIDATION, 1)
    environment, steps = gymnasium.make(task.env_spec.id, max_episode_steps=task.max_steps), 0
    for member, expected in zip(weights, scored.values, strict=True):
        controller, earned, over = Controller(spec, member), 0.0, False
        sensors, _ = environment.reset(seed=int(seed))
        while not over:
            outputs = controller(sensors[None, None])
            action = task.decoder.to_env_action(task.decoder.actions(outputs)[0, 0])
            sensors, reward, terminated, truncated, _ = environment.step(action)
            earned, over, steps = earned + reward, terminated or truncated, steps + 1
        assert earned == expected
    assert scored.cost.env_steps == steps
