"""Obstacle avoidance: the published fitness by hand, the corridor, and evolution against the Braitenberg vehicle."""

from __future__ import annotations

import numpy as np
import pytest

from evorobo import CMAES, ControlTask, Evolution, NetworkSpec
from evorobo.tasks.control.robots.khepera import RADIUS, SENSED
from evorobo.tasks.control.robots.obstacle_avoidance import CORRIDOR, STARTS, ObstacleAvoidance


def earned(left, right, nearest, **settings):
    """The fitness of one step with these wheels and this strongest reading, as the paper counts it."""
    robot, state = ObstacleAvoidance(**settings), np.zeros((1, SENSED.stop))
    state[0, SENSED.start + 3] = nearest
    return float(robot.reward(np.zeros_like(state), np.array([[left, right]]), state)[0]) * robot.max_steps


def test_the_fitness_is_that_of_floreano_and_mondada():
    assert earned(1, 1, 0) == 1
    # V = .7, dv = |.9 - .5| / 2 = .2, i = .3
    assert earned(0.9, 0.5, 0.3) == pytest.approx(0.7 * (1 - np.sqrt(0.2)) * 0.7)
    assert earned(1, -1, 0) == 0  # turning on the spot
    assert earned(0, 0, 0) == 0  # standing still
    assert earned(1, 1, 1) == 0  # touching
    assert earned(-0.8, -0.8, 0) == earned(0.8, 0.8, 0) == pytest.approx(0.8)  # it does not ask where to


def test_with_forward_wheels_that_turn_back_do_not_count():
    assert earned(-0.8, -0.8, 0, forward=True) == 0
    assert earned(0.9, 0.5, 0.3, forward=True) == earned(0.9, 0.5, 0.3)
    # V = (.6 + 0) / 2, dv = .4
    assert earned(0.6, -0.2, 0, forward=True) == pytest.approx(0.3 * (1 - np.sqrt(0.4)))


def test_all_starts_are_in_the_middle_of_the_corridor():
    x, y = STARTS.T
    dx, dy = CORRIDOR._to_surfaces(x, y, None)
    assert (np.hypot(dx, dy).min(1) >= 0.06 - 1e-9).all()
    assert np.hypot(dx, dy).min(1).max() - 0.01 > RADIUS + 0.01  # no wall is touched 1 cm off it


def test_the_braitenberg_vehicle_turns_away_from_what_it_sees():
    robot = ObstacleAvoidance()
    for sensor, turns in enumerate([-1, -1, -1, 1, 1, 1, 0, 0]):  # the first three are on the left: turn right
        left, right = robot.teacher(0.2 * np.eye(8)[[sensor]])[0]
        assert np.sign(right - left) == turns
    assert robot.teacher(np.zeros((1, 8)))[0].tolist() == [0.9, 0.9]


def test_noise_is_a_setting_and_spares_the_fitness():
    quiet, loud = (
        ControlTask("evorobo/ObstacleAvoidance-v0", env_kwargs={"noise": noise}, test_episodes=30).references()[
            "teacher"
        ]
        for noise in (0.0, 0.3)
    )
    assert quiet > loud + 0.03


def test_evolution_beats_the_braitenberg_vehicle_on_the_published_fitness():
    task = ControlTask("evorobo/ObstacleAvoidance-v0", episodes=2, test_episodes=50)
    learner = Evolution(CMAES()).start(task, NetworkSpec.build(8, (4,), 2, "tanh"), np.random.default_rng(0))
    for _ in range(40):
        learner.step(0.0)
    teacher = task.references()["teacher"]
    assert 0.25 < teacher < 0.4
    assert task.test(learner.genome) > 1.2 * teacher
