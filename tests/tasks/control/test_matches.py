"""Contests: duels of networks in one batch are the duels one by one, and both sides are paid."""

from __future__ import annotations

from dataclasses import replace

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from evorobo import Contestant, ControlTask, Elman, Genome, NetworkSpec, SettingsError, TaskError, register
from evorobo.tasks.control.robots.contestant import JointRobot
from evorobo.tasks.control.robots.predator_prey import Predator, Prey
from evorobo.testing import check_robot, check_task

PREDATOR = ControlTask("evorobo/Predator-v0", env_kwargs={"noise": 0.1}, test_episodes=3, max_steps=150)
PREY = PREDATOR.matches().rival()


def networks(task, n, hidden=(4,), seed=0):
    spec = NetworkSpec.build(task.n_inputs, hidden, task.n_outputs, task.output)
    return [Genome(spec, 8 * spec.init(np.random.default_rng((seed, number)))) for number in range(n)]


def rows(genomes):
    return np.stack([genome.weights for genome in genomes])


@pytest.mark.parametrize("id", ["evorobo/Predator-v0", "evorobo/Prey-v0"])
def test_contestants_alone_are_sound_robots_and_tasks(id):
    check_robot(id)
    check_task(ControlTask(id, episodes=2, max_steps=60, test_episodes=5))
    check_env(gymnasium.make(id, noise=0.1).unwrapped)  # warnings are errors here


def test_both_in_one_are_a_sound_robot():
    check_robot(JointRobot(Predator()))


def test_alone_the_rival_follows_its_own_rule():
    """The same story as with the rule at the rival's wheels: without noise, for chance is drawn in another order."""
    robot = Predator(noise=0.0)
    both, rng = JointRobot(robot), np.random.default_rng(1)
    state = np.array([[0.1, 0.2, 0.3, 0.35, 0.2, 1.0, 0.0]])
    for _ in range(100):
        action = rng.uniform(-1, 1, (1, 2))
        sensed = both.observation(state, _Still())
        rule = Prey().teacher(sensed[:, len(robot.sensors) :])
        alone, together = (
            robot.transition(state, action, _Still()),
            both.transition(state, np.c_[action, rule], _Still()),
        )
        np.testing.assert_array_equal(alone, together)
        state = alone


class _Still:
    def normal(self, scale, size):
        return np.zeros((1, size))


@pytest.mark.parametrize("hidden", [(), (4,), (Elman(3),)], ids=["linear", "tanh", "elman"])
def test_a_matrix_of_duels_is_the_duels_one_by_one_to_the_last_bit(hidden):
    ours, theirs = networks(PREDATOR, 5, hidden), networks(PREY, 4, hidden, seed=1)
    matrix = PREDATOR.matches().tournament(ours, theirs)
    alone = [[PREDATOR.matches().tournament([one], [other])[0, 0] for other in theirs] for one in ours]
    np.testing.assert_array_equal(matrix, alone)
    assert matrix.shape == (5, 4)
    assert len(np.unique(matrix)) > 1


def test_everybody_meets_all_rivals_and_the_order_of_rivals_is_the_order_of_columns():
    ours, theirs = networks(PREDATOR, 6), networks(PREY, 5, seed=1)
    matrix = PREDATOR.matches().tournament(ours, theirs)
    turned = PREDATOR.matches().tournament(ours[::-1], [theirs[number] for number in (3, 1)])
    np.testing.assert_array_equal(turned, matrix[::-1, [3, 1]])


def test_the_two_sides_of_a_duel_share_its_points():
    task = replace(PREDATOR, env_kwargs={"noise": 0.0}, max_steps=None)
    ours, theirs = networks(task, 4), networks(PREY, 4, seed=1)
    predator, prey = task.matches().tournament(ours, theirs), task.matches().rival().matches().tournament(theirs, ours)
    np.testing.assert_allclose(predator + prey.T, 100)
    assert predator.max() > 0


def test_scores_do_not_depend_on_other_members_and_all_meet_the_same_rivals():
    ours, theirs = networks(PREDATOR, 5), networks(PREY, 3, seed=1)
    task = replace(PREDATOR, episodes=2)

    def met(weights):
        return task.matches().score_against(
            ours[0].spec, weights, np.random.default_rng(7), theirs[0].spec, rows(theirs)
        )

    together = met(rows(ours))
    np.testing.assert_array_equal(together.values, [met(rows([one])).values[0] for one in ours])
    assert together.cost.episodes == 5 * 3 * 2
    both = ours[0].spec.forward_flops + theirs[0].spec.forward_flops
    assert together.cost.forward_flops == together.cost.env_steps * both
    assert 30 < together.cost.env_steps <= 30 * 150


def test_a_rivals_rival_is_the_task_itself():
    assert PREY.name == "prey"
    assert PREY.matches().rival() == PREDATOR
    assert PREY.env_kwargs == PREDATOR.env_kwargs
    assert (PREY.n_inputs, PREDATOR.n_inputs) == (8, 13)


def test_a_robot_without_a_rival_is_reported():
    with pytest.raises(
        TaskError, match=r"evorobo/Phototaxis-v0 has no rival to evolve against; derive your robot from"
    ):
        ControlTask("evorobo/Phototaxis-v0").matches()
    with pytest.raises(TaskError, match="CartPole-v1 has no rival"):
        ControlTask("CartPole-v1").matches()
    with pytest.raises(SettingsError, match="set normalize=False"):
        replace(PREDATOR, normalize=True).matches()


class Unknown(Contestant):
    sensors, motors = ("a",), ("b",)

    @property
    def rival(self):
        return Stranger()


class Stranger(Unknown):
    pass


class Chooser(Stranger):
    motors, moves = (), ("left", "right")


def test_a_rival_without_an_id_or_without_motors_is_reported():
    register(Unknown, "tests/Unknown-v0")
    with pytest.raises(TaskError, match=r"Stranger has no id; register\(Stranger, ...\) gives it one"):
        ControlTask("tests/Unknown-v0").matches().rival()
    with pytest.raises(TaskError, match="Chooser and its rival must both have motors, not moves"):
        JointRobot(Chooser())


def test_networks_of_several_shapes_are_not_mixed():
    mixed = networks(PREDATOR, 2) + networks(PREDATOR, 1, (5,))
    with pytest.raises(TaskError, match="only networks of one shape"):
        PREDATOR.matches().tournament(mixed, networks(PREY, 1))
