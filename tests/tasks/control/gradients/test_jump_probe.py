"""Each listed jump of a robot is a real one, and each real one is listed: results differ on both sides of it."""

import numpy as np
import pytest
from test_robot_graph import cart, robot_of

from evorobo.tasks.control.gradients.robot_graph import RobotGraph


def observed(function):
    return {"observation": lambda self, s, rng: function(s)[:, None]}


def rewarded(function):
    return {"reward": lambda self, s, a, n: function(n[:, 0]) - np.square(n[:, 0])}


def moved(function):
    return {"transition": lambda self, s, a, rng: function(s + 0.1 * a)}


SINE = {"reward": lambda self, s, a, n: np.sin(n[:, 0])}
JUMPS = {
    "a bonus": (rewarded(lambda x: np.where(x > 0.3, 1.0, 0.0)), "np.greater"),
    "a goal far from all random states": (rewarded(lambda x: 5.0 * (np.abs(x - 80) < 0.02)), "np.less"),
    "a wall": (moved(lambda s: np.where(s > 1.2, 1.0, s)), "np.greater"),
    "a sign": (observed(lambda s: np.sign(s[:, 0])), "np.sign"),
    "the sign of another number": (observed(lambda s: np.copysign(0.5, s[:, 0])), "np.copysign"),
    "a bearing": (observed(lambda s: np.arctan2(s[:, 1], s[:, 0])), "np.arctan2"),
    "a saw tooth": (rewarded(lambda x: x % 0.7), "np.remainder"),
    "steps": (observed(lambda s: np.rint(3 * s[:, 0])), "np.rint"),
}
NO_JUMPS = {
    "a kink": rewarded(lambda x: np.where(x > 0.3, x, 0.3)),
    "a square with a sign": rewarded(lambda x: np.sign(x) * x * x),
    "a guarded division": rewarded(
        lambda x: np.where(np.abs(x) > 0, np.abs(x) / np.where(x == 0, 1.0, np.abs(x)), 1.0)
    ),
    "a wrapped angle": moved(lambda s: s % (2 * np.pi)) | observed(lambda s: np.cos(s[:, 0])) | SINE,
    "an angle wrapped by a choice": moved(lambda s: np.where(s > np.pi, s - 2 * np.pi, s))
    | observed(lambda s: np.cos(s[:, 0]))
    | SINE,
    "the cosine of a bearing": observed(lambda s: np.cos(np.arctan2(s[:, 1], s[:, 0]) - 0.3)),
    "the square of a centered angle": rewarded(lambda x: np.square((x + np.pi) % (2 * np.pi) - np.pi)),
}


@pytest.mark.parametrize(("functions", "operation"), JUMPS.values(), ids=JUMPS)
def test_a_jump_is_listed(functions, operation):
    (found,) = RobotGraph(cart(**functions)).jumps
    assert found.startswith(f"{operation} in <lambda>() (test_jump_probe.py, line ")


@pytest.mark.parametrize("functions", NO_JUMPS.values(), ids=NO_JUMPS)
def test_what_changes_smoothly_is_not_listed(functions):
    assert RobotGraph(cart(**functions)).jumps == ()


def test_of_the_packages_robots_only_real_jumps_are_listed():
    assert RobotGraph(robot_of("Pendulum-v1")).jumps == ()  # the square of the centered angle is continuous
    car = RobotGraph(robot_of("MountainCarContinuous-v0")).jumps
    assert [jump.split(" in ")[0] for jump in car] == [
        "ends of episodes, by terminal()",
        "np.equal",  # the left wall takes the speed
        "np.greater_equal",  # the reward at the flag
    ]
