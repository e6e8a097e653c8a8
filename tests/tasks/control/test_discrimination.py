"""Discrimination: a fair beginning, a score by hand, and evolution that finds the cylinder."""

from __future__ import annotations

import numpy as np
import pytest

from evorobo import CMAES, ControlTask, Evolution, NetworkSpec, TaskError
from evorobo.tasks.control.robots.discrimination import CYLINDER, LENGTH, NEAR, THING, WIDTH, Discrimination
from evorobo.tasks.control.robots.khepera import RADIUS
from evorobo.tasks.control.robots.random_streams import RandomStream, RandomStreams


def test_robot_and_cylinder_begin_apart_from_each_other_and_from_walls():
    streams = [RandomStream(np.random.default_rng(seed)) for seed in range(2000)]
    state = Discrimination().initial(RandomStreams(streams, np.arange(2000)))
    robot, thing = state[:, :2], state[:, THING]
    assert np.hypot(*(robot - thing).T).min() > RADIUS + CYLINDER + 0.01
    assert (np.minimum(robot, [LENGTH, WIDTH] - robot) >= 0.05 - 1e-9).all()
    assert (np.minimum(thing, [LENGTH, WIDTH] - thing) >= 0.1 - 1e-9).all()


def test_a_step_counts_that_ends_within_eight_centimetres_of_the_cylinder():
    robot, state = Discrimination(), np.zeros((2, 13))
    state[:, THING] = 0.3, 0.2
    state[0, :2], state[1, :2] = (0.3 + 0.6 * (NEAR - 1e-6), 0.2 - 0.8 * NEAR), (0.3 - NEAR - 1e-6, 0.2)
    assert robot.reward(state, np.zeros((2, 2)), state).tolist() == [pytest.approx(0.2), 0]


def test_it_has_no_teacher():
    task = ControlTask("evorobo/Discrimination-v0", test_episodes=5)
    with pytest.raises(TaskError, match="has no teacher"):
        task.examples(np.random.default_rng(0))


@pytest.mark.slow
@pytest.mark.reproduction
def test_evolved_robots_stay_near_the_cylinder():
    task = ControlTask("evorobo/Discrimination-v0", episodes=3, test_episodes=40)
    learner = Evolution(CMAES(sigma=1.0)).start(task, NetworkSpec.build(8, (4,), 2, "tanh"), np.random.default_rng(0))
    for _ in range(40):
        learner.step(0.0)
    assert task.references()["random"] < 20
    assert task.test(learner.genome) > 50
