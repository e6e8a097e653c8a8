"""Each listed jump of a robot is a real one, and each real one is listed: results differ on both sides of it."""

import numpy as np
import pytest
from jump_search import explain, search_jumps
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
    "a division by a number that crosses 0": (
        observed(lambda s: np.tanh(0.1 / (s[:, 0] - 0.4))),
        "the pole of np.divide",
    ),
    "a division by 0 far from all random states": (rewarded(lambda x: 1 / (x - 80)), "the pole of np.divide"),
    "a reciprocal": (rewarded(lambda x: np.reciprocal(x - 0.4)), "the pole of np.reciprocal"),
    "a power below 0": (observed(lambda s: s[:, 0] ** -3.0), "the pole of np.power"),
    "a unit vector": (rewarded(lambda x: x / np.hypot(x, 0)), "the pole of np.divide"),
    "an infinite reward": (rewarded(lambda x: np.where(x > 0.3, np.inf, x)), "np.greater"),
    "a tangent": (observed(lambda s: np.tan(2 * s[:, 0])), "the pole of np.tan"),
}
FAR = [name for name in JUMPS if "far from" in name]
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
    "a root with a sign": rewarded(lambda x: np.sign(x) * np.sqrt(np.abs(x))),
    "a quotient whose factors cancel": rewarded(lambda x: np.sin(x) / x),
    "an arc": moved(lambda s: np.stack([s[:, 0] + (np.sin(2 + s[:, 1]) - np.sin(2)) / s[:, 1], 0.9 * s[:, 1]], axis=1)),
    "a division by a distance": observed(lambda s: s[:, 1] / np.hypot(s[:, 0], 0.1)),
    "a power of 0 or more": rewarded(lambda x: x**3 / (1 + x**2)),
}


@pytest.mark.parametrize(("functions", "operation"), JUMPS.values(), ids=JUMPS)
def test_a_jump_is_listed(functions, operation):
    (found,) = RobotGraph(cart(**functions)).jumps
    assert found.startswith(f"{operation} in <lambda>() (test_jump_probe.py, line ")


@pytest.mark.parametrize("functions", NO_JUMPS.values(), ids=NO_JUMPS)
def test_what_changes_smoothly_is_not_listed(functions):
    graph = RobotGraph(cart(**functions))
    assert graph.jumps == ()
    assert search_jumps(graph, 20) == []


# ---- a search that sees results only


@pytest.mark.parametrize(
    "functions",
    [jump[0] for name, jump in JUMPS.items() if name not in FAR],
    ids=[name for name in JUMPS if name not in FAR],
)
def test_a_search_by_results_alone_finds_the_jumps_that_are_listed(functions):
    graph = RobotGraph(cart(**functions))
    assert set().union(*explain(graph, search_jumps(graph, 400))) == set(graph.jumps)


WALLS = "np.greater_equal in undo_collisions() (geometry.py"
ENDS = "ends of episodes, by terminal()"


@pytest.mark.parametrize(
    ("id", "n_lines", "n_found", "listed"),
    [
        (
            "evorobo/Maze-v0",
            *(25, 50),
            [
                ENDS,
                WALLS,
                "np.greater_equal in ranges() (",
                "np.less_equal in ranges() (",
                "np.floor in observation() (",
            ],
        ),
        ("evorobo/TMaze-v0", 8, 20, [ENDS, WALLS, "np.greater in transition() (t_maze.py"]),
        ("evorobo/Homing-v0", 30, 30, [ENDS, WALLS, "np.less in _on_black_floor() (homing.py"]),
        ("evorobo/Phototaxis-v0", 40, 0, []),  # an arc becomes a straight line smoothly
        ("evorobo/SwingUp-v0", 40, 0, [ENDS]),
        ("Pendulum-v1", 40, 0, []),  # the square of the centered angle is continuous
        (
            "MountainCarContinuous-v0",
            *(200, 0),
            # the left wall takes the speed; the reward at the flag
            [ENDS, "np.equal in car_step() (mountain_car.py", "np.greater_equal in terminal() (mountain_car_"],
        ),
    ],
)
def test_of_the_packages_robots_all_jumps_are_listed_and_only_these(id, n_lines, n_found, listed):
    graph = RobotGraph(robot_of(id))
    assert len(graph.jumps) == len(listed)
    assert all(jump.startswith(start) for jump, start in zip(graph.jumps, listed, strict=True)), graph.jumps
    found = search_jumps(graph, n_lines)
    assert len(found) >= n_found
    assert all(explain(graph, found))
