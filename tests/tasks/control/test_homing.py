"""Homing: the battery's account, light and floor by hand, the published fitness, and a teacher that comes home."""

from __future__ import annotations

import numpy as np
import pytest

from evorobo import ControlTask
from evorobo.tasks.control.recording import trajectory
from evorobo.tasks.control.robots.homing import BATTERY, LASTS, ZONE, Homing
from evorobo.tasks.control.robots.khepera import RADIUS, SENSED, TOP_SPEED
from evorobo.tasks.control.robots.random_streams import RandomStreams

QUIET = Homing(noise=0.0)
STILL = RandomStreams.for_one(np.random.default_rng(0))


def at(x, y, heading=0.0, battery=1.0):
    state = QUIET.initial(STILL)
    state[0, :3] = x, y, heading
    state = QUIET.transition(state, np.zeros((1, 2)), STILL)
    state[0, BATTERY] = battery
    return state


def sensed(state):
    return dict(zip(QUIET.sensors, QUIET.observation(state, STILL)[0], strict=True))


def test_a_battery_lasts_two_hundred_steps_and_is_full_again_at_home():
    state = at(0.2, 0.2)
    for step in range(LASTS):
        assert not QUIET.terminal(state)[0], step
        state = QUIET.transition(state, np.zeros((1, 2)), STILL)
    assert QUIET.terminal(state)[0]
    outside = at(ZONE + 0.001, 0.03, np.pi, battery=0.3)
    assert sensed(outside)["black floor"] == 0
    home = QUIET.transition(outside, np.ones((1, 2)), STILL)  # 14 mm towards the corner
    assert home[0, 0] == pytest.approx(ZONE + 0.001 - TOP_SPEED / 10)
    assert (home[0, BATTERY], sensed(home)["black floor"]) == (1, 1)


def test_light_comes_from_the_corner_and_falls_on_the_eye_of_its_side():
    # 0.3 m from the corner half of the light is left; heading away from it both eyes see it at a right angle
    told = sensed(at(0.3 * np.sqrt(0.5), 0.3 * np.sqrt(0.5), np.pi / 4))
    assert (told["light left"], told["light right"]) == (pytest.approx(1 / 4), pytest.approx(1 / 4))
    # heading across, with the corner straight to the left
    told = sensed(at(0.3 * np.sqrt(0.5), 0.3 * np.sqrt(0.5), 3 * np.pi / 4))
    assert (told["light left"], told["light right"]) == (pytest.approx(1 / 2), pytest.approx(0, abs=1e-12))


def test_the_fitness_is_speed_where_nothing_is_near_and_nothing_at_home():
    def earned(state, left, right):
        return QUIET.reward(state, np.array([[left, right]]), state)[0] * QUIET.max_steps / 100

    middle = at(0.2, 0.2)
    assert earned(middle, 0.8, -0.4) == pytest.approx(0.6)
    by_the_wall = at(0.2, RADIUS + 0.02)
    assert earned(by_the_wall, 1, 1) == pytest.approx(1 - by_the_wall[0, SENSED].max())
    assert 0 < earned(by_the_wall, 1, 1) < 0.6
    assert earned(at(0.05, 0.05), 1, 1) == 0


def test_the_teacher_comes_home_again_and_again():
    task = ControlTask("evorobo/Homing-v0", test_episodes=20)
    references = task.references()
    assert references["random"] < 20 < 38 < references["teacher"]
    states = trajectory(task, None, 0)
    charged = np.flatnonzero(np.diff(states[:, BATTERY]) > 0.1)
    assert len(charged) >= 2
    assert len(states) == 600
